-- What people may ask in SQL. The tables behind these views change from version to version; names and meanings here stay.
-- Columns are listed, as a view of `*` breaks when its table grows.

-- Every join is on started_at, too: a filter on it then reaches each table, and yesterday is read without the rest.
CREATE VIEW charges AS
SELECT
    line.record_id,
    line.line_number,
    line.started_at AS charge_period_start,
    line.kind,
    line.platform,
    line.model,
    line.requested_model,
    line.service_tier,
    line.speed,
    line.inference_geo,
    line.scope,
    charge.sku_price_id,
    charge.table_version,
    line.input_tokens,
    line.output_tokens,
    line.cache_write_5m_tokens,
    line.cache_write_1h_tokens,
    line.cache_read_input_tokens,
    line.web_search_requests,
    line.active_seconds,
    charge.multiplier,
    charge.input_cost,
    charge.output_cost,
    charge.cache_write_cost,
    charge.cache_read_cost,
    charge.tool_cost,
    charge.list_cost,
    charge.contracted_cost,
    charge.reporting_cost,
    charge.requested_list_cost,
    charge.uncached_list_cost,
    line.billable,
    charge.unpriced_reason,
    line.flags
FROM line LEFT JOIN charge USING (record_id, line_number, started_at);

CREATE VIEW attempts AS
WITH money AS (
    SELECT
        record_id,
        charge_period_start AS started_at,
        sum(input_tokens)::BIGINT AS input_tokens,
        sum(output_tokens)::BIGINT AS output_tokens,
        sum(cache_write_5m_tokens)::BIGINT AS cache_write_5m_tokens,
        sum(cache_write_1h_tokens)::BIGINT AS cache_write_1h_tokens,
        sum(cache_read_input_tokens)::BIGINT AS cache_read_input_tokens,
        -- One line of unknown cost makes the cost unknown, not smaller.
        if(count(list_cost) = count(*), sum(list_cost), NULL) AS list_cost,
        if(count(contracted_cost) = count(*), sum(contracted_cost), NULL) AS contracted_cost,
        if(count(reporting_cost) = count(*), sum(reporting_cost), NULL) AS reporting_cost,
        min(unpriced_reason) AS unpriced_reason,
        true AS used
    FROM charges
    GROUP BY record_id, charge_period_start
)
SELECT
    usage.record_id,
    usage.call_id,
    usage.attempt,
    usage.started_at,
    usage.duration_ms,
    usage.time_to_first_token_ms,
    usage.platform,
    usage.region,
    usage.endpoint,
    usage.stream,
    usage.requested_model,
    usage.sent_model,
    usage.model,
    usage.max_tokens,
    usage.task_type,
    usage.tier,
    usage.confidence,
    usage.reason,
    usage.shadow_model,
    usage.tags,
    usage.workspace_id,
    usage.user_id,
    usage.key_fingerprint,
    usage.status,
    usage.error_type,
    usage.stop_reason,
    usage.stop_category,
    usage.content_empty,
    usage.request_id,
    usage.message_id,
    usage.batch_id,
    usage.custom_id,
    usage.batch_result_type,
    usage.complete,
    usage.estimated_output_tokens,
    usage.revision,
    if(money.used, money.input_tokens, 0) AS input_tokens,
    if(money.used, money.output_tokens, 0) AS output_tokens,
    if(money.used, money.cache_write_5m_tokens, 0) AS cache_write_5m_tokens,
    if(money.used, money.cache_write_1h_tokens, 0) AS cache_write_1h_tokens,
    if(money.used, money.cache_read_input_tokens, 0) AS cache_read_input_tokens,
    if(money.used, money.list_cost, 0) AS list_cost,
    if(money.used, money.contracted_cost, 0) AS contracted_cost,
    CASE WHEN money.used THEN money.reporting_cost WHEN (SELECT currency FROM contract) IS NOT NULL THEN 0 END
        AS reporting_cost,
    money.unpriced_reason,
    usage.usage
FROM usage LEFT JOIN money USING (record_id, started_at);

CREATE VIEW calls AS
SELECT
    call_id,
    min(started_at) AS started_at,
    count(*) AS attempts,
    arg_min_null(requested_model, attempt) AS requested_model,
    arg_max_null(model, attempt) AS model,
    arg_max_null(status, attempt) AS status,
    arg_max_null(error_type, attempt) AS error_type,
    arg_max_null(stop_reason, attempt) AS stop_reason,
    arg_max_null(task_type, attempt) AS task_type,
    arg_max_null(tier, attempt) AS tier,
    arg_max_null(tags, attempt) AS tags,
    coalesce(min(sent_model) <> max(sent_model)
        AND arg_max(error_type IS NULL AND coalesce(status BETWEEN 200 AND 299, false), attempt), false) AS fell_back,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(cache_write_5m_tokens)::BIGINT AS cache_write_5m_tokens,
    sum(cache_write_1h_tokens)::BIGINT AS cache_write_1h_tokens,
    sum(cache_read_input_tokens)::BIGINT AS cache_read_input_tokens,
    if(count(list_cost) = count(*), sum(list_cost), NULL) AS list_cost,
    if(count(contracted_cost) = count(*), sum(contracted_cost), NULL) AS contracted_cost,
    if(count(reporting_cost) = count(*), sum(reporting_cost), NULL) AS reporting_cost,
    min(unpriced_reason) AS unpriced_reason
FROM attempts
GROUP BY call_id;

CREATE VIEW prices AS
SELECT
    sku_price_id,
    model,
    model.name AS model_name,
    speed,
    nullif(prompt_over, -1) AS prompt_over,
    nullif(prompt_up_to, 9223372036854775807) AS prompt_up_to,
    valid_from,
    nullif(valid_to, TIMESTAMP '9999-12-31') AS valid_to,
    input,
    output,
    cache_write_5m,
    cache_write_1h,
    cache_read,
    source
FROM price LEFT JOIN model USING (model);

INCLUDE views_alike

INCLUDE view_comments
