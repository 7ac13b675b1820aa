-- The attempts in `fresh`, whatever they cost.
SELECT record_id, attempt, status, error_type, started_at FROM usage JOIN fresh USING (record_id) ORDER BY attempt, started_at
