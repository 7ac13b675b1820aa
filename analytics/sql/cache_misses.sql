-- Attempts that wrote to a cache and read nothing from it, by what usage tells of why: one row per group and cause. `cache_turn`
-- is that of cache_turns.sql. The tokens are those that could have been read at most: what the cache had, if that was written.
WITH attempt AS (
    SELECT
        member_of(($dimensions::VARCHAR[])[1], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_1,
        member_of(($dimensions::VARCHAR[])[2], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_2,
        unpriced, price_row, multiplier,
        CASE WHEN warm THEN 'prefix' WHEN switched THEN 'switch' WHEN in_the_hour THEN 'gap' ELSE 'first' END AS cause,
        CASE cause
            WHEN 'first' THEN 0
            WHEN 'switch' THEN least(written_5m + written_1h, other_prefix)
            ELSE least(written_5m + written_1h, before_prefix)
        END AS missed,
        least(missed, written_1h) AS missed_1h
    FROM (
INCLUDE attempts_of
    )
    JOIN cache_turn USING (record_id)
    WHERE read = 0
),
summed AS (
    SELECT
        member_1, member_2, cause, unpriced, price_row, multiplier,
        count(*) AS attempts, sum(missed) AS missed, sum(missed_1h) AS missed_1h
    FROM attempt
    GROUP BY ALL
),
priced AS (
    SELECT
        summed.*,
        cost_at(missed - missed_1h, cache_write_5m, multiplier) + cost_at(missed_1h, cache_write_1h, multiplier)
            - cost_at(missed, cache_read, multiplier) AS extra
    FROM summed LEFT JOIN price ON price.rowid = price_row AND NOT unpriced
)
SELECT
    [member_1, member_2][:len($dimensions::VARCHAR[])] AS members, cause,
    sum(attempts)::BIGINT AS attempts,
    coalesce(sum(attempts) FILTER (WHERE extra IS NULL), 0)::BIGINT AS unpriced_attempts,
    sum(missed)::BIGINT AS missed_tokens,
    sum(extra) AS extra_cost
FROM priced
GROUP BY member_1, member_2, cause
ORDER BY extra_cost DESC NULLS LAST, members, cause
