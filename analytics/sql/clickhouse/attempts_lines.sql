-- As ../attempts_lines.sql has them. Here the lines of an attempt lie in its row: no join. Each column by itself: of what is named as
-- a whole all is read.
SELECT
    attempt.*,
    lines.line_number AS line_number, lines.input_tokens AS input_tokens,
    lines.cache_write_5m_tokens AS cache_write_5m_tokens, lines.cache_write_1h_tokens AS cache_write_1h_tokens,
    lines.cache_read_input_tokens AS cache_read_input_tokens, lines.billable AS billable,
    lines.list_cost AS list_cost, lines.sku_price_id AS sku_price_id, lines.multiplier AS multiplier
FROM (
INCLUDE attempts_of
) AS attempt ARRAY JOIN
    lines.line_number, lines.input_tokens, lines.cache_write_5m_tokens, lines.cache_write_1h_tokens,
    lines.cache_read_input_tokens, lines.billable, lines.list_cost, lines.sku_price_id, lines.multiplier
