-- The attempts of a period, each with what it cost, and what its caches let us guess, as the temporary table `turn`.
--
-- The ledger does not know conversations. Attempts with the same tags, user, key, platform and requested model are taken for
-- one, in the order of time: what one of them had in the cache when another model served the next, while it was still warm,
-- would not have been written again without the switch. That is an estimate: at most as much as was written.
CREATE OR REPLACE TEMP TABLE turn AS
WITH money AS (  -- one row per attempt
    SELECT
        record_id,
        bool_or(list_cost IS NULL) AS unpriced,
        sum(list_cost) AS known_cost,
        if(unpriced, NULL, known_cost) AS list_cost,
        if(count(requested_list_cost) = count(*), sum(requested_list_cost), NULL) AS same_tokens_cost,
        count(*) AS lines,
        sum(cache_write_5m_tokens + cache_write_1h_tokens)::BIGINT AS written,
        sum(cache_read_input_tokens)::BIGINT AS read,
        if(sum(cache_write_1h_tokens) > 0, INTERVAL 1 HOUR, INTERVAL 5 MINUTE) AS lifetime
    FROM line LEFT JOIN charge USING (record_id, line_number)
    WHERE line.started_at >= $start AND line.started_at < $until
    GROUP BY record_id
),
attempt AS (
    SELECT
        usage.*, money.* EXCLUDE (record_id),
        money.record_id IS NULL AS nothing_used,
        coalesce(shadow_model, sent_model) AS would_be,
        coalesce(tags['tollgate'] = 'second_opinion', false) AS ours,  -- a question of the Router: nobody asked for an answer
        error_type IS NULL AND coalesce(status BETWEEN 200 AND 299, false) AS succeeded
    FROM usage LEFT JOIN money USING (record_id)
    WHERE started_at >= $start AND started_at < $until
        AND list_transform($tag_keys::VARCHAR[], lambda key: tags[key]) = $tag_values::VARCHAR[]
),
cached AS (
    SELECT
        record_id, model, would_be, written, read, started_at,
        lag({'model': model, 'would_be': would_be, 'prefix': written + read, 'until': started_at + lifetime}) OVER (
            PARTITION BY tags, user_id, workspace_id, key_fingerprint, platform, region, requested_model
            ORDER BY started_at, record_id) AS before
    FROM attempt
    WHERE written + read > 0 AND lines = 1 AND batch_id IS NULL
),
guessed AS (
    SELECT
        record_id,
        if(before.until >= started_at AND before.model <> model, least(written, before.prefix), 0) AS cold_tokens,
        if(before.until >= started_at AND before.would_be <> would_be, read, 0) AS shadow_cold_tokens
    FROM cached
)
SELECT
    attempt.record_id, call_id, attempt, requested_model, model, sent_model, shadow_model, reason, succeeded, nothing_used,
    ours,
    coalesce(unpriced, false) AS unpriced,
    if(nothing_used, 0, known_cost) AS known_cost,
    if(nothing_used, 0, list_cost) AS list_cost,
    if(nothing_used OR ours, 0, same_tokens_cost) AS same_tokens_cost,
    coalesce(cold_tokens, 0) AS cold_tokens,
    coalesce(shadow_cold_tokens, 0) AS shadow_cold_tokens,
    -- As it was is as it would have been: nothing to price.
    coalesce(nothing_used OR ours OR (model = requested_model AND lines = 1 AND coalesce(cold_tokens, 0) = 0), false) AS as_requested,
    coalesce(nothing_used OR ours OR (model = $opus AND lines = 1 AND coalesce(cold_tokens, 0) = 0), false) AS as_opus
FROM attempt LEFT JOIN guessed USING (record_id)
