-- The lines of the attempts in `fresh` that have none yet: what each response used, per model that was billed in it.
-- Nothing is corrected: what is not a count stays NULL with a problem, what was assumed is flagged.

-- A count is a whole number up to 10^15 (beyond it sums could overflow); text, fractions and negatives are none.
CREATE OR REPLACE TEMP MACRO count_of(value) AS
    CASE WHEN json_type(value) = 'UBIGINT' AND length(value::VARCHAR) <= 15 THEN TRY_CAST(value::VARCHAR AS BIGINT) END;

CREATE OR REPLACE TEMP MACRO not_a_count(key, value) AS
    CASE WHEN value IS NOT NULL AND count_of(value) IS NULL THEN key END;

-- The keys of an object, outside those known, that hold a number other than zero, however deep: they may cost money.
-- Two filters, because one would look into every value: 25 times slower.
CREATE OR REPLACE TEMP MACRO unknown_buckets(object, known) AS
    list_filter(
        list_filter(json_keys(object), lambda key: NOT list_contains(known, key)),
        lambda key: regexp_matches(regexp_replace(
            json_extract(object, '/' || replace(replace(key, '~', '~0'), '/', '~1'))::VARCHAR,
            '"(\\.|[^"\\])*"', '', 'g'), '[1-9]'));

INSERT INTO line BY NAME
WITH attempt AS (
    SELECT
        usage.*,
        json_transform(usage.usage, '{
            "iterations": "JSON", "server_tool_use": "JSON", "cache_creation": "JSON",
            "service_tier": "VARCHAR", "speed": "VARCHAR", "inference_geo": "VARCHAR", "active_seconds": "VARCHAR"}') AS top,
        json_extract_string(usage.usage, '$.fallback_credit.status.type') = 'redeemed' AS redeemed
    FROM usage
    JOIN fresh USING (record_id)
    WHERE NOT EXISTS (FROM line WHERE line.record_id = usage.record_id)
        -- An attempt that the API refused, or that got no answer, used nothing. An answer without usage used something.
        AND (json_type(usage.usage) <> 'NULL' OR (status < 400 AND NOT coalesce(ends_with(error_type, '_error'), false)))
),
read AS (
    SELECT
        *,
        json_extract(top.server_tool_use, '$.web_search_requests') AS searches,
        if(top.active_seconds IS NULL, 0, TRY_CAST(top.active_seconds AS DECIMAL(18, 3))) AS seconds,
        list_concat(
            unknown_buckets(attempt.usage, [
                'input_tokens', 'output_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens', 'cache_creation',
                'output_tokens_details', 'server_tool_use', 'iterations', 'service_tier', 'speed', 'inference_geo',
                'fallback_credit',
                -- Of a managed session: priced by the hour, and the provider's own sum of it all.
                'active_seconds', 'list_cost']),
            -- Code execution is billed by the hour, in no response; fetching is free.
            unknown_buckets(top.server_tool_use, ['web_search_requests', 'web_fetch_requests', 'code_execution_requests'])
        ) AS unknown_top,
        coalesce(json_type(top.iterations) = 'ARRAY' AND json_array_length(top.iterations) > 0, false) AS iterated,
        -- In a turn that a fallback served, an entry without a model ran on the model that was asked for.
        iterated AND contains(top.iterations::VARCHAR, '"fallback_message"') AS fell_back
    FROM attempt
),
entries AS (
    -- The entries replace the token counts of the top level; what only the top level says gets a line of its own.
    SELECT
        *,
        CASE
            WHEN NOT iterated THEN [read.usage]
            WHEN len(unknown_top) > 0 OR (searches IS NOT NULL AND count_of(searches) IS DISTINCT FROM 0)
                THEN from_json(top.iterations, '["JSON"]') || ['{"type": "top_level", "input_tokens": 0, "output_tokens": 0}'::JSON]
            ELSE from_json(top.iterations, '["JSON"]')
        END AS entries
    FROM read
),
entry AS (
    SELECT *, unnest(entries) AS entry, unnest(range(1, len(entries) + 1))::INTEGER AS line_number FROM entries
),
picked AS (
    SELECT
        *,
        json_transform(entry, '{
            "type": "VARCHAR", "model": "VARCHAR",
            "input_tokens": "JSON", "output_tokens": "JSON", "cache_creation_input_tokens": "JSON",
            "cache_read_input_tokens": "JSON", "cache_creation": "JSON"}') AS counts
    FROM entry
),
named AS (
    SELECT
        * REPLACE (
            -- Elsewhere than on the Claude API a response spells the model otherwise than the bill: the id that was sent counts.
            CASE
                WHEN iterated AND counts.model IS NOT NULL THEN counts.model
                WHEN fell_back OR platform NOT IN ('anthropic', 'claude_platform_aws') THEN coalesce(sent_model, model)
                ELSE coalesce(model, sent_model)
            END AS model),
        if(iterated, coalesce(counts.type, 'unknown'), 'top_level') AS kind,
        if(kind = 'top_level', searches, NULL) AS searches_here,
        json_transform(counts.cache_creation, '{
            "ephemeral_5m_input_tokens": "JSON", "ephemeral_1h_input_tokens": "JSON"}') AS split,
        list_concat(
            if(kind = 'top_level', unknown_top, NULL),
            if(iterated, unknown_buckets(entry, [
                'type', 'model', 'input_tokens', 'output_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens',
                'cache_creation', 'output_tokens_details', 'server_tool_use', 'service_tier', 'speed', 'inference_geo']), NULL),
            unknown_buckets(counts.cache_creation, ['ephemeral_5m_input_tokens', 'ephemeral_1h_input_tokens'])) AS unknown
    FROM picked
),
counted AS (
    SELECT
        *,
        list_filter([
            not_a_count('input_tokens', counts.input_tokens),
            not_a_count('output_tokens', counts.output_tokens),
            not_a_count('cache_creation_input_tokens', counts.cache_creation_input_tokens),
            not_a_count('cache_read_input_tokens', counts.cache_read_input_tokens),
            not_a_count('ephemeral_5m_input_tokens', split.ephemeral_5m_input_tokens),
            not_a_count('ephemeral_1h_input_tokens', split.ephemeral_1h_input_tokens),
            not_a_count('web_search_requests', searches_here)], lambda key: key IS NOT NULL) AS wrong,
        count_of(counts.output_tokens) AS seen_output,
        kind = 'top_level' AND NOT complete AND coalesce(estimated_output_tokens > coalesce(seen_output, 0), false) AS estimated,
        if(estimated, estimated_output_tokens, seen_output) AS output_tokens,
        -- NULL and absent are none; anything else must be a count.
        CASE WHEN split.ephemeral_5m_input_tokens IS NULL THEN 0 ELSE count_of(split.ephemeral_5m_input_tokens) END AS split_5m,
        CASE WHEN split.ephemeral_1h_input_tokens IS NULL THEN 0 ELSE count_of(split.ephemeral_1h_input_tokens) END AS split_1h,
        CASE WHEN counts.cache_creation_input_tokens IS NULL THEN split_5m + split_1h
            ELSE count_of(counts.cache_creation_input_tokens) END AS writes,
        writes - split_5m - split_1h AS unsplit
    FROM named
),
judged AS (
    SELECT
        *,
        CASE
            WHEN json_type(entry) IS NULL OR json_type(entry) = 'NULL' THEN 'the answer came without usage'
            WHEN json_type(entry) <> 'OBJECT' THEN 'usage is not an object'
            WHEN top.iterations IS NOT NULL AND json_type(top.iterations) <> 'ARRAY' THEN 'iterations is not a list'
            WHEN counts.cache_creation IS NOT NULL AND json_type(counts.cache_creation) <> 'OBJECT' THEN 'cache_creation is not an object'
            WHEN len(wrong) > 0 THEN wrong[1] || ' is not a count'
            WHEN NOT coalesce(seconds >= 0, false) THEN 'active_seconds is not a duration'
            WHEN counts.input_tokens IS NULL THEN 'input_tokens is missing'
            WHEN output_tokens IS NULL THEN 'output_tokens is missing'
            WHEN unsplit < 0 THEN 'cache_creation adds up to more than cache_creation_input_tokens'
            WHEN len(unknown) > 0 THEN 'no price for ' || unknown[1]
        END AS problem,
        CASE
            WHEN batch_result_type <> 'succeeded' THEN 'batch_' || batch_result_type
            WHEN ends_with(endpoint, '/count_tokens') THEN 'count_tokens'
            -- A hop that declined before it wrote anything, or an answer that did.
            WHEN kind = 'message' AND output_tokens = 0 AND fell_back THEN 'declined'
            WHEN kind IN ('message', 'fallback_message', 'top_level') AND stop_reason = 'refusal'
                AND (coalesce(content_empty, false) OR (output_tokens = 0 AND NOT (iterated AND kind = 'top_level'))) AND started_at >= TIMESTAMP '2026-06-02'
                AND coalesce(stop_category NOT IN ('bio', 'frontier_llm', 'reasoning_extraction'), true) THEN 'refusal'
        END AS not_billed
    FROM counted
)
SELECT
    record_id, line_number, started_at, kind, platform, model, requested_model,
    count_of(counts.input_tokens) AS input_tokens,
    split_5m + greatest(unsplit, 0) AS cache_write_5m_tokens,
    split_1h AS cache_write_1h_tokens,
    CASE WHEN counts.cache_read_input_tokens IS NULL THEN 0 ELSE count_of(counts.cache_read_input_tokens) END AS cache_read_input_tokens,
    output_tokens,
    CASE WHEN searches_here IS NULL THEN 0 ELSE count_of(searches_here) END AS web_search_requests,
    if(kind = 'top_level', seconds, 0) AS active_seconds,
    coalesce(top.service_tier, if(batch_id IS NULL AND batch_result_type IS NULL, 'standard', 'batch')) AS service_tier,
    coalesce(top.speed, 'standard') AS speed,
    coalesce(nullif(top.inference_geo, ''), 'global') AS inference_geo,
    CASE
        WHEN platform = 'vertex' THEN if(contains(endpoint, '/locations/') AND NOT contains(endpoint, '/locations/global/'),
            'regional', 'global')
        WHEN platform = 'bedrock' AND starts_with(model, 'arn:aws-us-gov:') THEN 'us-gov'
        WHEN platform = 'foundry' AND top.inference_geo = 'us' THEN 'us_data_zone'
        -- Whoever asks for a receipt may name the scope instead of a path.
        WHEN platform IN ('bedrock', 'foundry') AND NOT contains(endpoint, '/') THEN endpoint
        WHEN platform = 'bedrock' THEN 'regional'
        ELSE 'global'
    END AS scope,
    not_billed IS NULL AS billable,
    problem,
    list_filter([
        'not_billed:' || not_billed,
        if(writes > 0 AND counts.cache_creation IS NULL, 'ttl_assumed_5m', NULL),
        if(unsplit > 0 AND counts.cache_creation IS NOT NULL, 'cache_split_falls_short', NULL),
        if(unsplit < 0, 'cache_split_exceeds_total', NULL),
        if(NOT complete, 'incomplete', NULL),
        if(estimated, 'output_estimated', NULL),
        if(redeemed, 'fallback_credit', NULL),
        if(platform = 'vertex' AND NOT contains(endpoint, '/locations/'), 'scope_assumed_global', NULL),
        if(coalesce(json_extract(top.server_tool_use, '$.code_execution_requests')::VARCHAR, '0') NOT IN ('0', 'null'),
            'code_execution_time_unknown', NULL),
        if(kind NOT IN ('top_level', 'message', 'compaction', 'advisor_message', 'fallback_message'), 'unknown_iteration', NULL)
    ], lambda flag: flag IS NOT NULL)
    || list_transform(wrong, lambda key: 'not_a_count:' || key)
    || list_transform(coalesce(unknown, []), lambda key: 'unknown_bucket:' || key) AS flags
FROM judged
ORDER BY started_at, record_id, line_number
