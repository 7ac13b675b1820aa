-- How long answers took, in seconds: one row per bucket and group that occur, of attempts that were answered to their end. $kept:
-- the groups that stay apart, the others being $other; NULL: all do. The table bucket has the parts of the period.
WITH attempt AS (
    SELECT
        started_at, duration_ms, time_to_first_token_ms,
        [
            member_of(($dimensions::VARCHAR[])[1], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags),
            member_of(($dimensions::VARCHAR[])[2], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)
        ][:len($dimensions::VARCHAR[])] AS members
    FROM attempts_of($start::TIMESTAMP, $until::TIMESTAMP, $models::VARCHAR[], $task_types::VARCHAR[],
        $tag_keys::VARCHAR[], $tag_values::VARCHAR[], $within::VARCHAR[], $within_values::VARCHAR[][])
    WHERE succeeded AND complete AND coalesce(duration_ms, time_to_first_token_ms) IS NOT NULL
),
grouped AS (  -- before anything is asked of it: two lists are the same if what they lack is the same too
    SELECT
        bucket.name, duration_ms, time_to_first_token_ms,
        if($kept::VARCHAR[][] IS NULL OR list_contains($kept::VARCHAR[][], members), members,
            list_transform(members, lambda member: $other::VARCHAR)) AS members
    FROM attempt JOIN bucket ON started_at >= bucket.start AND started_at < bucket.until
),
answered AS (
    SELECT
        name, members, count(duration_ms) AS answers, count(time_to_first_token_ms) AS streams,
        quantile_cont(duration_ms, [0.5, 0.95]) AS answer, quantile_cont(time_to_first_token_ms, [0.5, 0.95]) AS first_token
    FROM grouped
    GROUP BY name, members
)
SELECT
    list_prepend(name, members) AS members, answers, streams,
    -- Whole microseconds: the last digits of a duration are noise.
    (answer[1] / 1000)::DECIMAL(18, 6) AS answer_p50, (answer[2] / 1000)::DECIMAL(18, 6) AS answer_p95,
    (first_token[1] / 1000)::DECIMAL(18, 6) AS first_token_p50, (first_token[2] / 1000)::DECIMAL(18, 6) AS first_token_p95
FROM answered
ORDER BY name, members
