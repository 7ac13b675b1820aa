-- Since when it fires stays.
UPDATE alert SET state = 'acknowledged' WHERE alert_id = ?
