-- As ../attempts_lines.sql has them. Here the lines of an attempt lie in its row: no join.
SELECT
    attempt.*, one.line_number AS line_number, one.input_tokens AS input_tokens, one.cache_write_5m_tokens AS cache_write_5m_tokens,
    one.cache_write_1h_tokens AS cache_write_1h_tokens, one.cache_read_input_tokens AS cache_read_input_tokens,
    one.billable AS billable, one.list_cost AS list_cost, one.sku_price_id AS sku_price_id, one.multiplier AS multiplier
FROM (
INCLUDE attempts_of
) AS attempt ARRAY JOIN lines AS one
