-- Attempts from $start up to $until, or those of the call $call_id.
SELECT toString(record_id) AS record_id, * EXCEPT (record_id)
FROM usage
WHERE started_at >= $start::TIMESTAMP AND started_at < $until::TIMESTAMP AND ($call_id::VARCHAR IS NULL OR call_id = $call_id::VARCHAR)
ORDER BY started_at
