-- Alerts whose id begins so, as many as it takes to see that it is not one.
SELECT alert_id, rule, scope, period, threshold, state, firings FROM alert
WHERE substr(alert_id, 1, length(:prefix)) = :prefix LIMIT 2
