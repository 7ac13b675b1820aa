-- The lines of `chosen`, added up to groups that are priced alike, whatever the model: the same in all that rate.sql looks at,
-- of one day, as prices change with days, and on the same side of every length that matters. What has no price only matters where
-- it was used; hours are rounded one by one.
CREATE OR REPLACE TEMP TABLE alike AS
WITH limits AS (
    SELECT
        coalesce(list(tokens) FILTER (WHERE of_prompt), []) AS of_prompt,
        coalesce(list(tokens) FILTER (WHERE NOT of_prompt), []) AS of_cache
    FROM length_limit
),
measured AS (
    SELECT
        line.*, member, target, turn.* EXCLUDE (record_id, line_number),
        input_tokens + cache_write_5m_tokens + cache_write_1h_tokens + cache_read_input_tokens AS prompt,
        cache_write_5m_tokens + cache_write_1h_tokens + cache_read_input_tokens AS cached
    FROM line
    JOIN chosen USING (record_id)
    LEFT JOIN turn USING (record_id, line_number)
    WHERE line.started_at >= $start AND line.started_at < $until
)
SELECT
    row_number() OVER () AS number,
    member, target, kind, platform, model, service_tier, speed, inference_geo, scope, billable, problem,
    min(started_at) AS started_at,
    max(prompt) AS longest,
    max(cached) AS longest_cached,
    count(*) AS lines,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(cache_write_5m_tokens)::BIGINT AS cache_write_5m_tokens,
    sum(cache_write_1h_tokens)::BIGINT AS cache_write_1h_tokens,
    sum(cache_read_input_tokens)::BIGINT AS cache_read_input_tokens,
    sum(web_search_requests)::BIGINT AS web_search_requests,
    sum(active_seconds) AS active_seconds,
    coalesce(sum(cold), 0)::BIGINT AS cold,
    coalesce(sum(never_cold), 0)::BIGINT AS never_cold,
    coalesce(sum(repeated), 0)::BIGINT AS repeated,
    coalesce(sum(lapsed), 0)::BIGINT AS lapsed,
    coalesce(sum(unsure), 0)::BIGINT AS unsure
FROM measured, limits
GROUP BY
    member, target, kind, platform, model, service_tier, speed, inference_geo, scope, billable, problem,
    started_at::DATE,
    if(active_seconds <> 0, record_id, NULL),
    cache_write_5m_tokens > 0, cache_write_1h_tokens > 0, cache_read_input_tokens > 0, web_search_requests > 0,
    len(list_filter(of_prompt, lambda tokens: prompt > tokens)),
    len(list_filter(of_cache, lambda tokens: cached > tokens))
