-- What a notice is about, said once.
INSERT INTO about (alert_id, notice_id) VALUES (?, ?) ON CONFLICT DO NOTHING
