-- One row per billed line, as the view `charges` of a DuckDB ledger, for people and for questions. Here they lie in one row: no join.
CREATE VIEW IF NOT EXISTS charges AS
SELECT
    record_id, lines.line_number AS line_number, started_at AS charge_period_start, lines.kind AS kind,
    lines.platform AS platform, lines.model AS model, lines.requested_model AS requested_model,
    lines.service_tier AS service_tier, lines.speed AS speed, lines.inference_geo AS inference_geo, lines.scope AS scope,
    lines.sku_price_id AS sku_price_id, lines.table_version AS table_version, lines.input_tokens AS input_tokens,
    lines.output_tokens AS output_tokens, lines.cache_write_5m_tokens AS cache_write_5m_tokens,
    lines.cache_write_1h_tokens AS cache_write_1h_tokens, lines.cache_read_input_tokens AS cache_read_input_tokens,
    lines.web_search_requests AS web_search_requests, lines.active_seconds AS active_seconds,
    lines.multiplier AS multiplier, lines.input_cost AS input_cost, lines.output_cost AS output_cost,
    lines.cache_write_cost AS cache_write_cost, lines.cache_read_cost AS cache_read_cost, lines.tool_cost AS tool_cost,
    lines.list_cost AS list_cost, lines.contracted_cost AS contracted_cost, lines.reporting_cost AS reporting_cost,
    lines.requested_list_cost AS requested_list_cost, lines.uncached_list_cost AS uncached_list_cost,
    lines.billable AS billable, lines.unpriced_reason AS unpriced_reason, lines.flags AS flags
FROM attempt FINAL ARRAY JOIN
    lines.line_number, lines.kind, lines.platform, lines.model, lines.requested_model, lines.service_tier, lines.speed,
    lines.inference_geo, lines.scope, lines.sku_price_id, lines.table_version, lines.input_tokens, lines.output_tokens,
    lines.cache_write_5m_tokens, lines.cache_write_1h_tokens, lines.cache_read_input_tokens, lines.web_search_requests,
    lines.active_seconds, lines.multiplier, lines.input_cost, lines.output_cost, lines.cache_write_cost,
    lines.cache_read_cost, lines.tool_cost, lines.list_cost, lines.contracted_cost, lines.reporting_cost,
    lines.requested_list_cost, lines.uncached_list_cost, lines.billable, lines.unpriced_reason, lines.flags;
