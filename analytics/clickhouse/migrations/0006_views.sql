-- What people may ask in SQL, beside `charges`: the views of a DuckDB ledger, with the same names, columns and comments. They are right
-- with whatever settings a client has.

CREATE VIEW IF NOT EXISTS attempts AS
SELECT
    record_id, call_id, attempt, started_at, duration_ms, time_to_first_token_ms, platform, region, endpoint, stream,
    requested_model, sent_model, model, max_tokens, task_type, tier, confidence, reason, shadow_model, tags, workspace_id,
    user_id, key_fingerprint, status, error_type, stop_reason, stop_category, content_empty, request_id, message_id, batch_id,
    custom_id, batch_result_type, complete, estimated_output_tokens, revision,
    if(empty(lines.line_number), 0, arrayReduce('sumOrNull', lines.input_tokens)) AS input_tokens,
    if(empty(lines.line_number), 0, arrayReduce('sumOrNull', lines.output_tokens)) AS output_tokens,
    if(empty(lines.line_number), 0, arrayReduce('sumOrNull', lines.cache_write_5m_tokens)) AS cache_write_5m_tokens,
    if(empty(lines.line_number), 0, arrayReduce('sumOrNull', lines.cache_write_1h_tokens)) AS cache_write_1h_tokens,
    if(empty(lines.line_number), 0, arrayReduce('sumOrNull', lines.cache_read_input_tokens)) AS cache_read_input_tokens,
    -- One line of unknown cost makes the cost unknown, not smaller.
    if(has(lines.list_cost, NULL), NULL, coalesce(arrayReduce('sum', lines.list_cost), 0)) AS list_cost,
    if(has(lines.contracted_cost, NULL), NULL, coalesce(arrayReduce('sum', lines.contracted_cost), 0)) AS contracted_cost,
    if(has(lines.reporting_cost, NULL) OR empty(lines.line_number) AND (SELECT max(currency) FROM contract) IS NULL, NULL,
        coalesce(arrayReduce('sum', lines.reporting_cost), 0)) AS reporting_cost,
    arrayReduce('minOrNull', lines.unpriced_reason) AS unpriced_reason,
    usage
FROM attempt FINAL;

CREATE VIEW IF NOT EXISTS calls AS
SELECT
    one.call_id AS call_id,
    min(one.started_at) AS started_at,
    CAST(count() AS Int64) AS attempts,
    -- In a tuple, as what is NULL is passed over otherwise.
    argMin(tuple(one.requested_model), one.attempt).1 AS requested_model,
    argMax(tuple(one.model), one.attempt).1 AS model,
    argMax(tuple(one.status), one.attempt).1 AS status,
    argMax(tuple(one.error_type), one.attempt).1 AS error_type,
    argMax(tuple(one.stop_reason), one.attempt).1 AS stop_reason,
    argMax(tuple(one.task_type), one.attempt).1 AS task_type,
    argMax(tuple(one.tier), one.attempt).1 AS tier,
    argMax(one.tags, one.attempt) AS tags,
    CAST(coalesce(min(one.sent_model) <> max(one.sent_model)
        AND argMax(one.error_type IS NULL AND coalesce(one.status BETWEEN 200 AND 299, false), one.attempt), false) AS Bool) AS fell_back,
    sumOrNull(one.input_tokens) AS input_tokens,
    sumOrNull(one.output_tokens) AS output_tokens,
    sumOrNull(one.cache_write_5m_tokens) AS cache_write_5m_tokens,
    sumOrNull(one.cache_write_1h_tokens) AS cache_write_1h_tokens,
    sumOrNull(one.cache_read_input_tokens) AS cache_read_input_tokens,
    if(count(one.list_cost) = count(), sum(one.list_cost), NULL) AS list_cost,
    if(count(one.contracted_cost) = count(), sum(one.contracted_cost), NULL) AS contracted_cost,
    if(count(one.reporting_cost) = count(), sum(one.reporting_cost), NULL) AS reporting_cost,
    min(one.unpriced_reason) AS unpriced_reason
FROM attempts AS one
GROUP BY one.call_id;

CREATE VIEW IF NOT EXISTS prices AS
SELECT
    price.sku_price_id AS sku_price_id,
    price.model AS model,
    nullIf(model.name, '') AS model_name,
    price.speed AS speed,
    nullIf(price.prompt_over, -1) AS prompt_over,
    nullIf(price.prompt_up_to, 9223372036854775807) AS prompt_up_to,
    price.valid_from AS valid_from,
    if(price.valid_to < toDateTime64('2299-12-31', 6, 'UTC'), price.valid_to, NULL) AS valid_to,
    price.input AS input,
    price.output AS output,
    price.cache_write_5m AS cache_write_5m,
    price.cache_write_1h AS cache_write_1h,
    price.cache_read AS cache_read,
    price.source AS source
FROM price LEFT JOIN model ON model.model = price.model;

INCLUDE views_alike

INCLUDE view_comments
