-- Before end_periods: what it ends.
INSERT INTO event (alert_id, kind, n, happened_at, said)
SELECT alert_id, 'resolved', firings, :now, 0
FROM alert WHERE state IN ('firing', 'acknowledged') AND over_at <= :now
