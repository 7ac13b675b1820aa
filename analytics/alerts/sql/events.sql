-- What happened to an alert, the newest first.
SELECT kind, happened_at, author, note FROM event WHERE alert_id = :alert_id ORDER BY happened_at DESC, kind, n DESC
