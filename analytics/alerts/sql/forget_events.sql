-- Follows forget_alerts.
DELETE FROM event WHERE alert_id NOT IN (SELECT alert_id FROM alert)
