-- What happened to an alert. The key is a second lock: the same thing twice fails, and so does its whole step.
INSERT INTO event (alert_id, kind, n, happened_at, said, author, note)
VALUES (:alert_id, :kind, :n, :now, :said, :author, :note)
