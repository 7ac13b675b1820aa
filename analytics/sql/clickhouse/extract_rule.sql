-- By which rules those attempts were made.
SELECT DISTINCT splitByChar(' ', rules)[1] AS lines, splitByChar(' ', rules)[2] AS rate
FROM attempt
WHERE started_at >= $start::TIMESTAMP AND started_at < $until::TIMESTAMP AND ($call_id::VARCHAR IS NULL OR call_id = $call_id::VARCHAR)
