-- The lines of `turn` as they would have been on other models, as the temporary table `line`; the number of a line is that of
-- the real one times four, plus 1: on the model that was asked for; 2: on $opus; 3: on the model chosen in shadow.
-- $percents: of each of $models, how many tokens its tokenizer makes of the same text, in percent of the older one.
CREATE OR REPLACE TEMP TABLE line AS
WITH served AS (
    SELECT line.*, turn.* EXCLUDE (record_id, model, requested_model), known_id.model AS priced_model, known_id.scope AS id_scope
    FROM line
    JOIN turn USING (record_id)
    LEFT JOIN known_id ON known_id.platform = line.platform
        AND known_id.id = if(line.platform = 'bedrock' AND starts_with(line.model, 'arn:'), split_part(line.model, '/', -1), line.model)
),
opus AS (
    SELECT platform, scope, min(id) AS id FROM model_id WHERE model = $opus GROUP BY ALL
),
otherwise AS (
    SELECT *, 1 AS scenario, requested_model AS target FROM served WHERE NOT as_requested AND requested_model <> 'auto'
    UNION ALL
    SELECT served.*, 2, opus.id FROM served
    JOIN opus ON opus.platform = served.platform AND opus.scope IS NOT DISTINCT FROM served.id_scope
    WHERE NOT as_opus
    UNION ALL
    SELECT *, 3, shadow_model FROM served WHERE shadow_model IS NOT NULL
),
tokenizer AS (
    SELECT unnest($models::VARCHAR[]) AS model, unnest($percents::INTEGER[]) AS percent
),
targeted AS (
    SELECT
        otherwise.* REPLACE (
            -- An advisor was asked for by name: routing has no part in it.
            if(kind = 'advisor_message', otherwise.model, target) AS model,
            -- A model is compared at the speed that was served, if it has that speed at all.
            if(known_id.model IN (SELECT model FROM price WHERE speed = otherwise.speed), speed, 'standard') AS speed),
        if(kind = 'advisor_message', 1, coalesce(target_tokenizer.percent / served_tokenizer.percent, 1)) AS ratio,
        if(scenario = 3, 0, cold_tokens) AS never_cold,
        if(scenario = 3, shadow_cold_tokens, 0) AS newly_cold,
        least(never_cold, cache_write_5m_tokens) AS never_cold_5m
    FROM otherwise
    LEFT JOIN known_id ON known_id.platform = otherwise.platform AND known_id.id = target
    LEFT JOIN tokenizer AS target_tokenizer ON target_tokenizer.model = known_id.model
    LEFT JOIN tokenizer AS served_tokenizer ON served_tokenizer.model = priced_model
)
SELECT
    record_id, line_number * 4 + scenario AS line_number, started_at, kind, platform, model, requested_model,
    round(input_tokens * ratio)::BIGINT AS input_tokens,
    round((cache_write_5m_tokens - never_cold_5m + newly_cold) * ratio)::BIGINT AS cache_write_5m_tokens,
    round((cache_write_1h_tokens - (never_cold - never_cold_5m)) * ratio)::BIGINT AS cache_write_1h_tokens,
    round((cache_read_input_tokens + never_cold - newly_cold) * ratio)::BIGINT AS cache_read_input_tokens,
    round(output_tokens * ratio)::BIGINT AS output_tokens,
    web_search_requests, active_seconds, service_tier, speed, inference_geo, scope, billable, problem, flags
FROM targeted
