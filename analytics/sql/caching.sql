-- The lines of a period that caches had to do with or could have, by bucket of time, by what makes a group, and by the price row
-- and the multiplier that rate.sql applied, as the temporary table `cached`: small, so that caching_rows.sql is quick.
CREATE OR REPLACE TEMP TABLE cached AS
WITH bucket AS (
    SELECT ($boundaries::TIMESTAMP[])[number + 1] AS start, ($boundaries::TIMESTAMP[])[number + 2] AS until
    FROM (SELECT unnest(range(len($boundaries::TIMESTAMP[]) - 1))::INTEGER AS number)
),
used AS (
    SELECT
        started_at,
        member_of(($dimensions::VARCHAR[])[1], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_1,
        member_of(($dimensions::VARCHAR[])[2], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_2,
        line_number, input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cache_read_input_tokens,
        billable AND list_cost IS NULL AS unpriced,
        -- What is not billed saves nothing and costs nothing.
        if(billable AND NOT unpriced, sku_price_id, NULL) AS sku_price_id,
        if(billable, if(unpriced, NULL, multiplier), 0) AS multiplier
    FROM (
INCLUDE attempts_lines
    )
)
SELECT
    bucket.start AS start, member_1, member_2, unpriced, sku_price_id, multiplier,
    count(*) FILTER (WHERE line_number = 1) AS attempts,
    count(*) FILTER (WHERE line_number = 1 AND cache_read_input_tokens > 0) AS reading_attempts,
    count(*) FILTER (WHERE line_number = 1 AND cache_write_5m_tokens + cache_write_1h_tokens > 0) AS writing_attempts,
    count(*) AS lines,
    coalesce(sum(input_tokens), 0) AS fresh,
    coalesce(sum(cache_write_5m_tokens), 0) AS written_5m,
    coalesce(sum(cache_write_1h_tokens), 0) AS written_1h,
    coalesce(sum(cache_read_input_tokens), 0) AS read
FROM used
INCLUDE in_buckets
GROUP BY ALL
