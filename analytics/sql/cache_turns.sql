-- Attempts that used a cache, each with what its owner's cache had seen before it and saw after it, as the temporary table
-- `cache_turn`: of a period and the hour, the longest that a cache lives, before and after.
--
-- The ledger knows no prefixes. Attempts with the same tags, requested model, key, workspace, platform and region are taken for
-- one owner's, in the order of time, and its cache on one model for one thing: any read of it is a read of all of it. What is
-- left out: items of batches, which run when they like, and attempts with more than one line.
--
-- Only numbers pass through the windows, names as hashes: sorting with text in the rows would take ten times as long.
CREATE OR REPLACE TEMP TABLE cache_turn AS
WITH used AS (
    SELECT
        line.record_id, line.started_at, price.rowid AS price_row, multiplier, billable AND list_cost IS NULL AS unpriced,
        cache_write_5m_tokens AS written_5m, cache_write_1h_tokens AS written_1h, cache_read_input_tokens AS read
    FROM line LEFT JOIN charge USING (record_id, line_number, started_at) LEFT JOIN price USING (sku_price_id)
    WHERE started_at >= $start::TIMESTAMP - INTERVAL 1 HOUR AND started_at < $until::TIMESTAMP + INTERVAL 1 HOUR
        AND written_5m + written_1h + read > 0 AND line_number = 1 AND billable
        AND record_id NOT IN (
            SELECT record_id FROM line
            WHERE line_number > 1 AND started_at >= $start::TIMESTAMP - INTERVAL 1 HOUR AND started_at < $until::TIMESTAMP + INTERVAL 1 HOUR)
),
turn AS (
    SELECT
        used.*,
        hash(model) AS served,
        hash(tags, requested_model, key_fingerprint, workspace_id, platform, region) AS owner,
        written_5m + written_1h + read AS prefix,
        -- A read does not say how long its entry lives: the last write does.
        CASE WHEN written_1h > 0 THEN 60 WHEN written_5m > 0 THEN 5 END AS lifetime
    FROM usage JOIN used USING (record_id)
    WHERE usage.started_at >= $start::TIMESTAMP - INTERVAL 1 HOUR AND usage.started_at < $until::TIMESTAMP + INTERVAL 1 HOUR
        AND batch_id IS NULL
),
seen AS (
    SELECT
        *,
        lag(started_at) OVER same AS before_at,
        lag(prefix) OVER same AS before_prefix,
        lag(lifetime IGNORE NULLS) OVER same AS before_lifetime,
        lead(if(read > 0, started_at, NULL) IGNORE NULLS) OVER same AS read_at,
        lag(served) OVER any_model AS other,
        lag(started_at) OVER any_model AS other_at,
        lag(prefix) OVER any_model AS other_prefix,
        lag(lifetime) OVER any_model AS other_lifetime
    FROM turn
    WINDOW same AS (PARTITION BY owner, served ORDER BY started_at, record_id),
        any_model AS (PARTITION BY owner ORDER BY started_at, record_id)
)
SELECT
    record_id, price_row, multiplier, unpriced, written_5m, written_1h, read, read_at,
    before_at >= started_at - INTERVAL 1 HOUR AS in_the_hour,
    -- Without a write in sight, the shorter life is taken.
    before_at >= started_at - to_minutes(coalesce(before_lifetime, 5)) AS warm,
    before_at < started_at - INTERVAL 5 MINUTES AND in_the_hour AS late,
    coalesce(before_lifetime, 5) AS before_lifetime, before_prefix,
    other <> served AND other_at >= started_at - to_minutes(coalesce(other_lifetime, 5)) AS switched,
    other_prefix
FROM seen
WHERE started_at >= $start AND started_at < $until
