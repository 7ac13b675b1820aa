-- What the attempts in `fresh` cost, item by item: one row per line. The amounts are those of rate.sql; where it keeps
-- the two kinds of cache writes as one sum, they are told apart here.
WITH rated AS (
    SELECT
        line.* EXCLUDE (requested_model), charge.* EXCLUDE (record_id, line_number, started_at),
        served.model AS priced_model,
        coalesce(served.scope, line.scope) AS final_scope,
        price.* EXCLUDE (sku_price_id, model, speed),
        search.price AS search_price,
        hour.price AS hour_price,
        if(billable, cache_write_1h_tokens::DECIMAL(38, 0) * (price.cache_write_1h::DECIMAL(25, 6) * 0.000001) * multiplier, 0)
            AS written_1h,
        (web_search_requests::DECIMAL(38, 0) * search.price)::DECIMAL(38, 18) AS searched
    FROM line
    JOIN charge USING (record_id, line_number)
    JOIN fresh USING (record_id)
    LEFT JOIN price USING (sku_price_id)
    LEFT JOIN known_id AS served ON served.platform = line.platform
        AND served.id = if(line.platform = 'bedrock' AND starts_with(line.model, 'arn:'), split_part(line.model, '/', -1), line.model)
    LEFT JOIN per_use AS search ON search.counter = 'web_search_requests' AND search.platform = line.platform
        AND line.started_at >= search.valid_from AND line.started_at < search.valid_to
    LEFT JOIN per_use AS hour ON hour.counter = 'session_hours' AND hour.platform = line.platform
        AND line.started_at >= hour.valid_from AND line.started_at < hour.valid_to
),
factor AS (
    SELECT rated.record_id, rated.line_number, list({
        'name': modifier.field, 'value': modifier.value, 'multiplier': modifier.multiplier} ORDER BY field) AS factors
    FROM rated
    JOIN modifier ON modifier.model = priced_model AND modifier.multiplier <> 1
        AND modifier.value = CASE field
            WHEN 'service_tier' THEN service_tier WHEN 'inference_geo' THEN inference_geo ELSE final_scope END
        AND coalesce(modifier.platform, rated.platform) = rated.platform
        AND coalesce(modifier.speed, rated.speed) = rated.speed
        AND started_at >= modifier.valid_from AND started_at < modifier.valid_to
    GROUP BY ALL
)
SELECT
    record_id, line_number, started_at, kind, platform, model, priced_model, speed, billable,
    sku_price_id, valid_from, valid_to, source, multiplier, coalesce(factors, []) AS factors,
    list_filter([
        {'bucket': 'input', 'units': input_tokens, 'per': 1000000, 'unit_price': input, 'amount': input_cost},
        {'bucket': 'cache_write_5m', 'units': cache_write_5m_tokens, 'per': 1000000, 'unit_price': cache_write_5m,
            'amount': if(cache_write_1h_tokens = 0, cache_write_cost, cache_write_cost - written_1h)},
        {'bucket': 'cache_write_1h', 'units': cache_write_1h_tokens, 'per': 1000000, 'unit_price': cache_write_1h,
            'amount': if(cache_write_5m_tokens = 0, cache_write_cost, written_1h)},
        {'bucket': 'cache_read', 'units': cache_read_input_tokens, 'per': 1000000, 'unit_price': cache_read,
            'amount': cache_read_cost},
        {'bucket': 'output', 'units': output_tokens, 'per': 1000000, 'unit_price': output, 'amount': output_cost},
        {'bucket': 'web_search_requests', 'units': web_search_requests, 'per': 1, 'unit_price': search_price,
            'amount': if(active_seconds = 0, tool_cost, searched)},
        {'bucket': 'active_seconds', 'units': active_seconds, 'per': 3600, 'unit_price': hour_price,
            'amount': if(web_search_requests = 0, tool_cost, tool_cost - searched)}
    ], lambda item: item.units IS DISTINCT FROM 0) AS items,
    list_cost, contracted_cost, reporting_cost,
    -- Nobody has said whether the length that counts is an iteration's own prompt or all of them together.
    if(count(*) OVER (PARTITION BY record_id) > 1 AND kind <> 'top_level' AND (prompt_over >= 0 OR prompt_up_to < 9223372036854775807),
        list_append(flags, 'prompt_length_of_the_iteration'), flags) AS flags,
    unpriced_reason, table_version, contract_version,
    (SELECT currency FROM contract) AS reporting_currency
FROM rated
LEFT JOIN factor USING (record_id, line_number)
ORDER BY started_at, record_id, line_number
