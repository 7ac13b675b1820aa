-- An alert that has never fired leaves no trace.
DELETE FROM alert WHERE alert_id = ?
