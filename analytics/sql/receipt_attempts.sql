-- The attempts in `fresh`, whatever they cost, and what was said of their call.
SELECT record_id, attempt, status, error_type, started_at, verdict, note
FROM usage JOIN fresh USING (record_id) LEFT JOIN feedback USING (call_id)
ORDER BY attempt, started_at
