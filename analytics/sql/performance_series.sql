-- One quantile over time: one row per bucket and group that occur, of attempts that were answered to their end.
WITH bucket AS (
    SELECT unnest(($boundaries::TIMESTAMP[])[:-2]) AS start, unnest(($boundaries::TIMESTAMP[])[2:]) AS until
),
attempt AS (
    SELECT
        started_at,
        member_of(($dimensions::VARCHAR[])[1], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_1,
        member_of(($dimensions::VARCHAR[])[2], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_2,
        if($measure = 'duration_ms', duration_ms, time_to_first_token_ms) AS value
    FROM attempts_of($start::TIMESTAMP, $until::TIMESTAMP, $models::VARCHAR[], $task_types::VARCHAR[],
        $tag_keys::VARCHAR[], $tag_values::VARCHAR[], $within::VARCHAR[], $within_values::VARCHAR[][])
    WHERE succeeded AND complete AND value IS NOT NULL
)
SELECT
    bucket.start, [member_1, member_2][:len($dimensions::VARCHAR[])] AS members, count(*) AS attempts,
    quantile_cont(value, $quantile::DOUBLE) AS value
FROM attempt JOIN bucket ON started_at >= bucket.start AND started_at < bucket.until
GROUP BY bucket.start, member_1, member_2
ORDER BY bucket.start, members
