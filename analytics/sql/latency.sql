-- How long answers took, in seconds: one row per bucket and group that occur, of attempts that were answered to their end. The table
-- bucket has the parts of the period. With $gathered, all groups but $kept are $other.
WITH attempt AS (
    SELECT
        started_at, duration_ms, time_to_first_token_ms,
        first_of([
            member_of(($dimensions::VARCHAR[])[1], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags),
            member_of(($dimensions::VARCHAR[])[2], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)
        ], len($dimensions::VARCHAR[])) AS members
    FROM (
INCLUDE attempts_of
    )
    WHERE succeeded AND complete AND coalesce(duration_ms, time_to_first_token_ms) IS NOT NULL
),
grouped AS (  -- before anything is asked of it: two lists are the same if what they lack is the same too
    SELECT
        bucket.name, duration_ms, time_to_first_token_ms,
        if(NOT $gathered OR list_contains($kept::VARCHAR[][], members), members,
            each_as(members, $other::VARCHAR)) AS members
    FROM attempt
INCLUDE in_buckets
),
answered AS (
    SELECT
        name, members, count(duration_ms) AS answers, count(time_to_first_token_ms) AS streams,
        settled(quantile_cont(duration_ms, [0.5, 0.95])) AS answer,
        settled(quantile_cont(time_to_first_token_ms, [0.5, 0.95])) AS first_token
    FROM grouped
    GROUP BY name, members
)
SELECT
    list_prepend(name, members) AS members, answers, streams,
    in_seconds(answer[1]) AS answer_p50, in_seconds(answer[2]) AS answer_p95,
    in_seconds(first_token[1]) AS first_token_p50, in_seconds(first_token[2]) AS first_token_p95
FROM answered
ORDER BY name, members
