-- What caches did: one row per bucket of time, or one for all, and per group. The sums of `cached`, of caching.sql, are priced: what
-- reads saved against the input price, and what writes cost above it.
WITH summed AS (
    SELECT
        if($over_time, start, $start::TIMESTAMP) AS start,
        if($groups > 0, member_1, NULL) AS member_1,
        if($groups > 1, member_2, NULL) AS member_2,
        unpriced, sku_price_id, multiplier,
        sum(attempts) AS attempts,
        sum(reading_attempts) AS reading_attempts,
        sum(writing_attempts) AS writing_attempts,
        sum(lines) AS lines,
        sum(fresh) AS fresh,
        sum(written_5m) AS written_5m,
        sum(written_1h) AS written_1h,
        sum(read) AS read
    FROM cached
    GROUP BY ALL
),
priced AS (
    SELECT
        summed.*,
        CASE WHEN unpriced THEN NULL WHEN summed.multiplier = 0 THEN 0
            ELSE cost_at(read, input, multiplier) - cost_at(read, cache_read, multiplier) END AS read_saved,
        CASE WHEN unpriced THEN NULL WHEN summed.multiplier = 0 THEN 0
            ELSE cost_at(written_5m, cache_write_5m, multiplier) + cost_at(written_1h, cache_write_1h, multiplier)
                - cost_at(written_5m + written_1h, input, multiplier) END AS write_extra
    FROM summed LEFT JOIN price USING (sku_price_id)
)
SELECT
    start, first_of([member_1, member_2], $groups) AS members,
    sum(attempts)::BIGINT AS attempts,
    sum(reading_attempts)::BIGINT AS reading_attempts,
    sum(writing_attempts)::BIGINT AS writing_attempts,
    coalesce(sum(lines) FILTER (WHERE read_saved IS NULL OR write_extra IS NULL), 0)::BIGINT AS unpriced_lines,
    sum(fresh)::BIGINT AS input_tokens,
    sum(written_5m)::BIGINT AS cache_write_5m_tokens,
    sum(written_1h)::BIGINT AS cache_write_1h_tokens,
    sum(read)::BIGINT AS cache_read_input_tokens,
    sum(read_saved) AS read_saved,
    sum(write_extra) AS write_extra,
    sum(read_saved - write_extra) AS saved
FROM priced
GROUP BY start, member_1, member_2
ORDER BY start, saved DESC NULLS LAST, members
