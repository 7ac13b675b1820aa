-- What caches did: one row per bucket of time and group. Tokens are summed by the price row and the multiplier that rate.sql
-- applied, and the sums are priced: what reads saved against the input price, and what writes cost above it.
WITH bucket AS (
    SELECT unnest(($boundaries::TIMESTAMP[])[:-2]) AS start, unnest(($boundaries::TIMESTAMP[])[2:]) AS until
),
attempt AS (
    SELECT
        record_id, bucket.start,
        member_of(($dimensions::VARCHAR[])[1], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_1,
        member_of(($dimensions::VARCHAR[])[2], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_2
    FROM attempts_of($start::TIMESTAMP, $until::TIMESTAMP, $models::VARCHAR[], $task_types::VARCHAR[],
        $tag_keys::VARCHAR[], $tag_values::VARCHAR[], $within::VARCHAR[], $within_values::VARCHAR[][])
    JOIN bucket ON started_at >= bucket.start AND started_at < bucket.until
),
used AS (
    SELECT
        record_id, line_number, input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cache_read_input_tokens,
        billable AND list_cost IS NULL AS unpriced,
        -- What is not billed saves nothing and costs nothing.
        if(billable AND NOT unpriced, sku_price_id, NULL) AS sku_price_id,
        if(billable, if(unpriced, NULL, multiplier), 0) AS multiplier
    FROM line LEFT JOIN charge USING (record_id, line_number, started_at)
    WHERE started_at >= $start::TIMESTAMP AND started_at < $until::TIMESTAMP
),
summed AS (
    SELECT
        start, member_1, member_2, unpriced, sku_price_id, multiplier,
        count(*) FILTER (WHERE line_number = 1) AS attempts,
        count(*) FILTER (WHERE line_number = 1 AND cache_read_input_tokens > 0) AS reading_attempts,
        count(*) FILTER (WHERE line_number = 1 AND cache_write_5m_tokens + cache_write_1h_tokens > 0) AS writing_attempts,
        count(*) AS lines,
        coalesce(sum(input_tokens), 0) AS fresh,
        coalesce(sum(cache_write_5m_tokens), 0) AS written_5m,
        coalesce(sum(cache_write_1h_tokens), 0) AS written_1h,
        coalesce(sum(cache_read_input_tokens), 0) AS read
    FROM attempt JOIN used USING (record_id)
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
    start, [member_1, member_2][:len($dimensions::VARCHAR[])] AS members,
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
