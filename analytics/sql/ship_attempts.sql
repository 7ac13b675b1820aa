-- The tables offered_usage, offered_line and offered_charge as a shared ledger takes them: one row an attempt, with its lines
-- and charges in one list. Parquet keeps every digit and the type of every value. Ids are text, as not every reader
-- knows UUID. In one order, so that what is sent again is the same to the last byte.
COPY (
    WITH billed AS (
        SELECT
            record_id,
            line_number,
            {
                line_number: line_number, kind: kind, platform: platform, model: model, requested_model: requested_model,
                input_tokens: input_tokens, cache_write_5m_tokens: cache_write_5m_tokens,
                cache_write_1h_tokens: cache_write_1h_tokens, cache_read_input_tokens: cache_read_input_tokens,
                output_tokens: output_tokens, web_search_requests: web_search_requests, service_tier: service_tier,
                speed: speed, inference_geo: inference_geo, scope: scope, billable: billable, problem: problem,
                flags: flags, active_seconds: active_seconds, sku_price_id: sku_price_id, table_version: table_version,
                multiplier: multiplier, input_cost: input_cost, output_cost: output_cost,
                cache_write_cost: cache_write_cost, cache_read_cost: cache_read_cost, tool_cost: tool_cost,
                list_cost: list_cost, requested_list_cost: requested_list_cost, uncached_list_cost: uncached_list_cost,
                unpriced_reason: unpriced_reason, contracted_cost: contracted_cost, reporting_cost: reporting_cost,
                contract_version: contract_version
            } AS line
        FROM offered_line JOIN offered_charge USING (record_id, line_number)
    ),
    several AS (
        SELECT DISTINCT record_id FROM offered_line WHERE line_number > 1
    ),
    -- Most attempts have one line: to gather these, too, would take twice as long.
    listed AS (
        SELECT record_id, [line] AS lines FROM billed ANTI JOIN several USING (record_id)
        UNION ALL
        SELECT record_id, list(line ORDER BY line_number) FROM billed SEMI JOIN several USING (record_id) GROUP BY record_id
    )
    SELECT
        coalesce(revision, 0) * 1099511627776 + $rated_at AS version,
        $machine AS machine,
        $rules AS rules,
        offered_usage.* REPLACE (record_id::VARCHAR AS record_id, usage::VARCHAR AS usage),
        coalesce(lines, []) AS lines
    FROM offered_usage LEFT JOIN listed USING (record_id)
    ORDER BY started_at, record_id
) TO $file (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)
