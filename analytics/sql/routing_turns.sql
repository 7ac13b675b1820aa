-- Attempts of a period that came too late to the cache of another model, or would have in shadow, as the temporary table
-- `cold_turn`, whatever else the filters leave out.
--
-- The ledger does not know conversations. Attempts with the same tags, user, key, platform and requested model are taken for
-- one, in the order of time: what one of them had in the cache when another model served the next, while it was still warm,
-- would not have been written again without the switch. That is an estimate: at most as much as was written.
--
-- Only numbers pass through the window, names as hashes: sorting with text in the rows would take ten times as long.
CREATE OR REPLACE TEMP TABLE cold_turn AS
WITH used AS (
    SELECT
        record_id, cache_write_5m_tokens + cache_write_1h_tokens AS written, cache_read_input_tokens AS read,
        if(cache_write_1h_tokens > 0, 3600000000, 300000000) AS lifetime
    FROM line
    WHERE started_at >= $start AND started_at < $until AND line_number = 1 AND written + read > 0
        AND record_id NOT IN (SELECT record_id FROM line WHERE line_number > 1 AND started_at >= $start AND started_at < $until)
),
turn AS (
    SELECT
        used.*, epoch_us(started_at) AS began,
        hash(tags, user_id, workspace_id, key_fingerprint, platform, region, requested_model) AS conversation,
        if(model IS NULL, NULL, hash(model)) AS served,
        if(coalesce(shadow_model, sent_model) IS NULL, NULL, hash(coalesce(shadow_model, sent_model))) AS would_be
    FROM usage JOIN used USING (record_id)
    WHERE usage.started_at >= $start AND usage.started_at < $until AND batch_id IS NULL
),
followed AS (
    SELECT
        record_id, written, read,
        lag(began + lifetime) OVER turns >= began AS warm,
        lag(written + read) OVER turns AS prefix,
        lag(served) OVER turns <> served AS switched,
        lag(would_be) OVER turns <> would_be AS would_switch
    FROM turn
    WINDOW turns AS (PARTITION BY conversation ORDER BY began, record_id)
)
SELECT
    record_id,
    if(switched, least(written, prefix), 0) AS cold_tokens,
    if(would_switch, read, 0) AS shadow_cold_tokens
FROM followed
WHERE warm AND (switched OR would_switch)
