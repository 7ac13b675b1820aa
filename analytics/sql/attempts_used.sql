-- The attempts that filters leave, each with what its lines say of it: all their output, and how it was served. NULL: it used nothing.
WITH more_lines AS (  -- hardly any attempt has a second line: grouping all of them would take as long as the rest together
    SELECT record_id, sum(output_tokens) AS output_tokens
    FROM line WHERE started_at >= $start AND started_at < $until AND line_number > 1
    GROUP BY record_id
),
used AS (
    SELECT
        record_id,
        line.output_tokens + coalesce(more_lines.output_tokens, 0) AS output_tokens,
        service_tier = 'batch' AS batch, service_tier = 'priority' AS priority, speed = 'fast' AS fast
    FROM line LEFT JOIN more_lines USING (record_id)
    WHERE started_at >= $start AND started_at < $until AND line_number = 1
)
SELECT attempt.*, output_tokens, batch, priority, fast
FROM (
INCLUDE attempts_of
) AS attempt LEFT JOIN used USING (record_id)
