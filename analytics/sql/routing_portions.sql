-- The attempts that filters leave, added up where all that routing.sql and rate.sql look at is the same, as the temporary table
-- `portion`: one row per line of a bundle of attempts. Prices change with days and at some lengths of prompts, and what has no
-- price only matters where it was used. By themselves stay attempts of several lines, calls of several attempts or with feedback,
-- and hours, which are rounded one by one. $dimensions, four at most: what makes a group.
--
-- Counts of tokens are lists: as they were on the model that was asked for, on $opus, and on the model chosen in shadow.
CREATE OR REPLACE TEMP TABLE portion AS
WITH long AS (
    SELECT min(prompt_over) AS least, list(DISTINCT prompt_over) AS overs FROM price WHERE prompt_over > 0
),
percent_of AS (
    SELECT platform, id, percent FROM known_id JOIN tokenizer USING (model)
),
several AS (  -- attempts of more than one line
    SELECT record_id, count(*) AS lines FROM line
    WHERE started_at >= $start AND started_at < $until
        AND record_id IN (SELECT record_id FROM line WHERE line_number > 1 AND started_at >= $start AND started_at < $until)
    GROUP BY record_id
),
particular AS (  -- calls of more than one attempt, or that somebody judged
    SELECT call_id FROM usage WHERE attempt > 1 AND started_at >= $start AND started_at < $until
    UNION
    SELECT call_id FROM feedback
),
chosen AS (
    SELECT
        record_id, started_at::DATE AS day, attempt, requested_model, model AS served_model, sent_model, shadow_model, succeeded,
        member_of(($dimensions::VARCHAR[])[1], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_1,
        member_of(($dimensions::VARCHAR[])[2], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_2,
        member_of(($dimensions::VARCHAR[])[3], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_3,
        member_of(($dimensions::VARCHAR[])[4], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_4,
        particular.call_id,
        if(particular.call_id IS NULL, regexp_extract(reason, '^(pinned|)'), reason) AS reason,
        coalesce(tags['tollgate'] = 'second_opinion', false) AS ours  -- a question of the Router: nobody asked for an answer
    FROM (
INCLUDE attempts_of
    ) AS attempt
    LEFT JOIN particular USING (call_id)
),
used AS (
    SELECT
        line.record_id, line.line_number, line.started_at, kind, line.platform, line.model, service_tier, speed, inference_geo, scope, billable, problem,
        input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cache_read_input_tokens, output_tokens, web_search_requests, active_seconds,
        coalesce(lines, 1) AS lines, list_cost, requested_list_cost
    FROM line
    LEFT JOIN charge ON charge.record_id = line.record_id AND charge.line_number = line.line_number
        AND charge.started_at >= $start AND charge.started_at < $until
    LEFT JOIN several ON several.record_id = line.record_id
    WHERE line.started_at >= $start AND line.started_at < $until
),
compared AS (
    SELECT
        chosen.*, used.* EXCLUDE (record_id),
        coalesce(cold_tokens, 0) AS cold, coalesce(shadow_cold_tokens, 0) AS newly_cold, least(cold, cache_write_5m_tokens) AS cold_5m,
        -- An advisor was asked for by name: routing has no part in it.
        if(kind = 'advisor_message', 1, coalesce(asked.percent / served.percent, 1)) AS asked_ratio,
        if(kind = 'advisor_message', 1, coalesce((SELECT percent FROM tokenizer WHERE model = $opus) / served.percent, 1)) AS opus_ratio,
        if(kind = 'advisor_message', 1, coalesce(shadow.percent / served.percent, 1)) AS shadow_ratio,
        if(call_id IS NOT NULL OR lines > 1 OR active_seconds <> 0, record_id, NULL) AS alone
    FROM chosen
    LEFT JOIN used USING (record_id)
    LEFT JOIN cold_turn USING (record_id)
    LEFT JOIN percent_of AS served ON served.platform = used.platform
        AND served.id = if(used.platform = 'bedrock' AND starts_with(used.model, 'arn:'), split_part(used.model, '/', -1), used.model)
    LEFT JOIN percent_of AS asked ON asked.platform = used.platform AND asked.id = requested_model
    LEFT JOIN percent_of AS shadow ON shadow.platform = used.platform AND shadow.id = shadow_model
),
counted AS (
    SELECT
        *,
        as_on(input_tokens, asked_ratio) AS asked_input, as_on(output_tokens, asked_ratio) AS asked_output,
        as_on(cache_write_5m_tokens - cold_5m, asked_ratio) AS asked_5m, as_on(cache_write_1h_tokens - (cold - cold_5m), asked_ratio) AS asked_1h,
        as_on(cache_read_input_tokens + cold, asked_ratio) AS asked_read, asked_input + asked_5m + asked_1h + asked_read AS asked_prompt,
        as_on(input_tokens, opus_ratio) AS opus_input, as_on(output_tokens, opus_ratio) AS opus_output,
        as_on(cache_write_5m_tokens - cold_5m, opus_ratio) AS opus_5m, as_on(cache_write_1h_tokens - (cold - cold_5m), opus_ratio) AS opus_1h,
        as_on(cache_read_input_tokens + cold, opus_ratio) AS opus_read, opus_input + opus_5m + opus_1h + opus_read AS opus_prompt,
        as_on(input_tokens, shadow_ratio) AS shadow_input, as_on(output_tokens, shadow_ratio) AS shadow_output,
        as_on(cache_write_5m_tokens + newly_cold, shadow_ratio) AS shadow_5m, as_on(cache_write_1h_tokens, shadow_ratio) AS shadow_1h,
        as_on(cache_read_input_tokens - newly_cold, shadow_ratio) AS shadow_read,
        shadow_input + shadow_5m + shadow_1h + shadow_read AS shadow_prompt,
        -- How many of the lengths that matter each is over; hardly any is over one.
        if(greatest(asked_prompt, opus_prompt, shadow_prompt) > long.least,
            list_transform([asked_prompt, opus_prompt, shadow_prompt], lambda prompt: len(list_filter(long.overs, lambda over: prompt > over))),
            NULL) AS lengths
    FROM compared, long
)
SELECT
    min(record_id) AS record_id, line_number, count(*) AS attempts, min(started_at) AS started_at,
    [member_1, member_2, member_3, member_4][:len($dimensions::VARCHAR[])] AS members,
    call_id, attempt, requested_model, served_model, sent_model, shadow_model, reason, succeeded, ours, lines,
    kind, platform, model, service_tier, speed, inference_geo, scope, billable, problem,
    list_cost IS NULL AS priceless,
    sum(list_cost) AS list_cost,
    sum(requested_list_cost) AS requested_list_cost,
    sum(cold)::BIGINT AS cold_tokens,
    count(*) FILTER (WHERE cold > 0) AS cold_switches,
    sum(newly_cold)::BIGINT AS shadow_cold_tokens,
    [max(asked_prompt), max(opus_prompt), max(shadow_prompt)]::BIGINT[] AS longest,
    [sum(asked_input), sum(opus_input), sum(shadow_input)]::BIGINT[] AS input_tokens,
    [sum(asked_5m), sum(opus_5m), sum(shadow_5m)]::BIGINT[] AS cache_write_5m_tokens,
    [sum(asked_1h), sum(opus_1h), sum(shadow_1h)]::BIGINT[] AS cache_write_1h_tokens,
    [sum(asked_read), sum(opus_read), sum(shadow_read)]::BIGINT[] AS cache_read_input_tokens,
    [sum(asked_output), sum(opus_output), sum(shadow_output)]::BIGINT[] AS output_tokens,
    sum(web_search_requests)::BIGINT AS web_search_requests,
    sum(active_seconds) AS active_seconds
FROM counted
GROUP BY
    alone, line_number, day, member_1, member_2, member_3, member_4, call_id, attempt, requested_model, served_model, sent_model, shadow_model,
    reason, succeeded, ours, lines, kind, platform, model, service_tier, speed, inference_geo, scope, billable, problem, lengths,
    list_cost IS NULL, requested_list_cost IS NULL, cold > 0, newly_cold > 0, web_search_requests > 0,
    asked_5m > 0, asked_1h > 0, asked_read > 0, shadow_5m > 0, shadow_1h > 0, shadow_read > 0
