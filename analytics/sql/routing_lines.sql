-- The lines of `portion` as they would have been on other models, as the temporary table `line`; the number of a line is that of
-- the real one times four, plus 1: on the model that was asked for; 2: on $opus; 3: on the model chosen in shadow.
CREATE OR REPLACE TEMP TABLE line AS
WITH served AS (
    SELECT portion.*, as_requested, as_opus, known_id.scope AS id_scope
    FROM portion
    JOIN turn USING (record_id)
    LEFT JOIN known_id ON known_id.platform = portion.platform
        AND known_id.id = if(portion.platform = 'bedrock' AND starts_with(portion.model, 'arn:'), split_part(portion.model, '/', -1), portion.model)
    WHERE kind IS NOT NULL
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
targeted AS (
    SELECT
        otherwise.* REPLACE (
            -- An advisor was asked for by name: routing has no part in it.
            if(kind = 'advisor_message', otherwise.model, target) AS model,
            -- A model is compared at the speed that was served, if it has that speed at all.
            if(coalesce(known_id.model, '') || ' ' || otherwise.speed IN (SELECT model || ' ' || speed FROM price), speed, 'standard') AS speed,
            input_tokens[scenario] AS input_tokens,
            cache_write_5m_tokens[scenario] AS cache_write_5m_tokens,
            cache_write_1h_tokens[scenario] AS cache_write_1h_tokens,
            cache_read_input_tokens[scenario] AS cache_read_input_tokens,
            output_tokens[scenario] AS output_tokens)
    FROM otherwise
    LEFT JOIN known_id ON known_id.platform = otherwise.platform AND known_id.id = target
)
SELECT
    record_id, line_number * 4 + scenario AS line_number, started_at, kind, targeted.platform, targeted.model, requested_model,
    input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cache_read_input_tokens, output_tokens,
    web_search_requests, active_seconds, service_tier,
    coalesce(targeted.speed || ' over ' || prompt_over, targeted.speed) AS speed,  -- as what_if_bands.sql has it
    inference_geo, targeted.scope, billable, problem, []::VARCHAR[] AS flags
FROM targeted
LEFT JOIN known_id ON known_id.platform = targeted.platform
    AND known_id.id = if(targeted.platform = 'bedrock' AND starts_with(targeted.model, 'arn:'), split_part(targeted.model, '/', -1), targeted.model)
LEFT JOIN band ON band.model = known_id.model AND band.speed = targeted.speed
    AND longest[scenario] > prompt_over AND longest[scenario] <= prompt_up_to
    AND started_at >= band.valid_from AND started_at < band.valid_to
