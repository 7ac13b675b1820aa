-- The lines of those attempts.
SELECT toString(record_id) AS record_id, * EXCEPT (record_id)
FROM line
WHERE started_at >= $start::TIMESTAMP AND started_at < $until::TIMESTAMP
    AND ($call_id::VARCHAR IS NULL OR record_id IN (SELECT record_id FROM usage WHERE call_id = $call_id::VARCHAR))
ORDER BY started_at, record_id, line_number
