-- The attempts that filters leave, each with each of its lines, as they are billed and rated.
WITH billed AS (
    SELECT
        record_id, line_number, input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cache_read_input_tokens,
        billable, list_cost, sku_price_id, multiplier
    FROM line LEFT JOIN charge USING (record_id, line_number, started_at)
    WHERE started_at >= $start::TIMESTAMP AND started_at < $until::TIMESTAMP
)
SELECT attempt.*, billed.* EXCLUDE (record_id)
FROM (
INCLUDE attempts_of
) AS attempt JOIN billed USING (record_id)
