-- The groups as they would have been, once for each of $estimates, as the temporary table `supposed`: on another model, in batch,
-- with another lifetime of caches. The second line of a group is what would have gone in batch.
CREATE OR REPLACE TEMP TABLE supposed AS
WITH elsewhere AS (  -- an id of the target, on the same platform and of the same scope
    SELECT platform, scope, model, min(id) AS id FROM model_id GROUP BY ALL
),
since AS (
    SELECT price.model, min(greatest(valid_from, coalesce(launched, valid_from))) AS since
    FROM price JOIN model USING (model) GROUP BY ALL
),
placed AS (
    SELECT
        alike.*, estimate.*, since.since, elsewhere.id AS target_id, served.model AS served_model,
        offered.model IS NOT NULL AS offered, percent_then.least_cached, percent_then.percent AS percent_then, percent_now.percent AS percent_now,
        -- An advisor was asked for by name.
        coalesce(estimate > 0 AND elsewhere.id IS NOT NULL AND kind <> 'advisor_message' AND alike.target <> served.model, false) AS moves,
        cache_write_5m_tokens + cache_write_1h_tokens + cache_read_input_tokens AS cached_tokens,
        sum(cache_write_1h_tokens) OVER (PARTITION BY estimate, alike.platform, alike.model, member) > 0 AS long_lived
    FROM alike
    CROSS JOIN estimate
    LEFT JOIN known_id AS served ON served.platform = alike.platform
        AND served.id = if(alike.platform = 'bedrock' AND starts_with(alike.model, 'arn:'), split_part(alike.model, '/', -1), alike.model)
    LEFT JOIN elsewhere ON elsewhere.platform = alike.platform AND elsewhere.model = alike.target
        AND elsewhere.scope IS NOT DISTINCT FROM served.scope
    LEFT JOIN tokenizer AS percent_then ON percent_then.model = alike.target
    LEFT JOIN tokenizer AS percent_now ON percent_now.model = served.model
    LEFT JOIN (SELECT DISTINCT model, speed FROM price) AS offered ON offered.model = alike.target AND offered.speed = alike.speed
    LEFT JOIN since ON since.model = if(elsewhere.id IS NULL, served.model, alike.target)
    WHERE list_contains($estimates::INTEGER[], estimate)
),
aimed AS (
    SELECT
        * REPLACE (
            if(moves, target_id, model) AS model,
            -- A model is compared at the speed that was served, if it has that speed at all.
            if(moves AND NOT offered, 'standard', speed) AS speed,
            -- Before there was the model, its first price counts.
            if(moves OR (estimate > 0 AND $at::TIMESTAMP IS NOT NULL), greatest(coalesce($at::TIMESTAMP, started_at), since), started_at) AS started_at),
        if(moves, target, served_model) AS priced_model,
        coalesce(moves AND since > placed.started_at, false) AS earlier,
        if(moves AND percent_then <> percent_now, tokens * percent_then / percent_now, 1)::DECIMAL(18, 9) AS ratio,
        (ratio * if(moves, answers, 1)::DECIMAL(18, 9))::DECIMAL(18, 9) AS answer_ratio,
        coalesce(moves AND longest_cached * ratio < least_cached, false) AS too_short
    FROM placed
),
-- Low believes in what a cache would have saved, and high in what it would have cost; expected in both.
cached AS (
    SELECT
        *,
        if(estimate IN (1, 2), least(never_cold, cache_write_5m_tokens), 0) AS spared_5m,
        if(estimate IN (1, 2), never_cold - least(never_cold, cache_write_5m_tokens), 0) AS spared_1h,
        if(estimate IN (2, 3), cold, 0) AS lost,
        if($ttl = '1h' AND estimate IN (1, 2), repeated, 0) AS kept,
        if($ttl = '5m' AND long_lived, CASE estimate WHEN 2 THEN lapsed WHEN 3 THEN lapsed + unsure ELSE 0 END, 0) AS gone,
        cache_write_5m_tokens - spared_5m + lost - kept + gone AS written_5m,
        cache_write_1h_tokens - spared_1h AS written_1h,
        cache_read_input_tokens + spared_5m + spared_1h - lost + kept - gone AS read
    FROM aimed
),
lived AS (
    SELECT
        * REPLACE (
            CASE WHEN estimate = 0 OR $ttl IS NULL THEN written_5m WHEN $ttl = '5m' THEN written_5m + written_1h ELSE 0 END AS written_5m,
            CASE WHEN estimate = 0 OR $ttl IS NULL THEN written_1h WHEN $ttl = '1h' THEN written_5m + written_1h ELSE 0 END AS written_1h)
    FROM cached
),
counted AS (
    SELECT
        lived.* REPLACE (
            round((input_tokens + if(too_short, written_5m + written_1h + read, 0)) * ratio)::BIGINT AS input_tokens,
            round(output_tokens * answer_ratio)::BIGINT AS output_tokens,
            round(if(too_short, 0, written_5m) * ratio)::BIGINT AS written_5m,
            round(if(too_short, 0, written_1h) * ratio)::BIGINT AS written_1h,
            round(if(too_short, 0, read) * ratio)::BIGINT AS read,
            coalesce(lived.speed || ' over ' || prompt_over, lived.speed) AS speed),
        estimate > 0 AND $share > 0 AND service_tier = 'standard' AND lived.speed = 'standard' AND batched.model IS NOT NULL AS can_wait
    FROM lived
    LEFT JOIN band ON band.model = priced_model AND band.speed = lived.speed
        AND longest * ratio > prompt_over AND longest * ratio <= prompt_up_to
        AND started_at >= valid_from AND started_at < valid_to
    LEFT JOIN (SELECT DISTINCT model, platform FROM modifier WHERE field = 'service_tier' AND value = 'batch') AS batched
        ON batched.model = priced_model AND batched.platform = lived.platform
),
parted AS (
    SELECT *, 1 AS line_number, (1 - if(can_wait, $share, 0))::DECIMAL(18, 9) AS share FROM counted
    UNION ALL
    SELECT * REPLACE ('batch' AS service_tier), 2, $share::DECIMAL(18, 9) FROM counted WHERE can_wait
),
shared AS (
    SELECT
        * REPLACE (
            part_of(input_tokens, share, line_number) AS input_tokens,
            part_of(output_tokens, share, line_number) AS output_tokens,
            part_of(written_5m, share, line_number) AS written_5m,
            part_of(written_1h, share, line_number) AS written_1h,
            part_of(read, share, line_number) AS read,
            part_of(web_search_requests, share, line_number) AS web_search_requests),
        -- In a batch a cache is found only sometimes; what is not found is written.
        if(line_number = 2, part_of(read, share, 2) - round(part_of(read, share, 2) * found)::BIGINT, 0) AS not_found
    FROM parted
)
SELECT
    ('00000000-0000-0000-' || lpad(estimate::VARCHAR, 4, '0') || '-' || lpad(number::VARCHAR, 12, '0'))::UUID AS record_id,
    * REPLACE (
        read - not_found AS read,
        written_5m + if(written_1h > 0, 0, not_found) AS written_5m,
        written_1h + if(written_1h > 0, not_found, 0) AS written_1h,
        if(line_number = 1, active_seconds, 0)::DECIMAL(18, 3) AS active_seconds)
FROM shared
