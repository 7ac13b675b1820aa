-- One quantile over time: one row per bucket and group that occur, of attempts that were answered to their end.
WITH bucket AS (
    SELECT ($boundaries::TIMESTAMP[])[number + 1] AS start, ($boundaries::TIMESTAMP[])[number + 2] AS until
    FROM (SELECT unnest(range(len($boundaries::TIMESTAMP[]) - 1))::INTEGER AS number)
),
attempt AS (
    SELECT
        started_at,
        member_of(($dimensions::VARCHAR[])[1], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_1,
        member_of(($dimensions::VARCHAR[])[2], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_2,
        if($measure = 'duration_ms', duration_ms, time_to_first_token_ms) AS value
    FROM (
INCLUDE attempts_of
    )
    WHERE succeeded AND complete AND value IS NOT NULL
)
SELECT
    bucket.start, first_of([member_1, member_2], len($dimensions::VARCHAR[])) AS members, count(*) AS attempts,
    settled(quantile_cont(value, [$quantile::DOUBLE]))[1] AS value
FROM attempt
INCLUDE in_buckets
GROUP BY bucket.start, member_1, member_2
ORDER BY bucket.start, members
