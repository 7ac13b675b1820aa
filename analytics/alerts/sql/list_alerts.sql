-- Alerts that are open, or all; the newest first.
SELECT alert_id, rule, scope, period, threshold, state, since, severity, voice, firings FROM alert
WHERE :everything OR state <> 'resolved' ORDER BY since DESC, alert_id
