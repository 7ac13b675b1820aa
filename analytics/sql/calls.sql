-- The attempts $record_ids, of a page that calls_page.sql has made, which began from $first to $last.
WITH money AS (  -- one row per attempt
    SELECT
        record_id,
        sum(input_tokens)::BIGINT AS input_tokens,
        sum(cache_write_5m_tokens)::BIGINT AS cache_write_5m_tokens,
        sum(cache_write_1h_tokens)::BIGINT AS cache_write_1h_tokens,
        sum(cache_read_input_tokens)::BIGINT AS cache_read_input_tokens,
        sum(output_tokens)::BIGINT AS output_tokens,
        if(count(list_cost) = count(*), sum(list_cost), NULL) AS list_cost,
        if(count(list_cost) = count(*), NULL, coalesce(min(unpriced_reason), 'not rated yet')) AS unpriced_reason
    FROM line LEFT JOIN charge USING (record_id, line_number, started_at)
    WHERE started_at >= $first::TIMESTAMP AND started_at <= $last::TIMESTAMP AND record_id IN (SELECT unnest($record_ids::UUID[]))
    GROUP BY record_id
)
-- An attempt without a line used nothing, which costs nothing.
SELECT
    usage.* EXCLUDE (usage),
    error_type IS NULL AND coalesce(status BETWEEN 200 AND 299, false) AS succeeded,
    if(money.record_id IS NULL, 0, money.input_tokens) AS input_tokens,
    if(money.record_id IS NULL, 0, money.cache_write_5m_tokens) AS cache_write_5m_tokens,
    if(money.record_id IS NULL, 0, money.cache_write_1h_tokens) AS cache_write_1h_tokens,
    if(money.record_id IS NULL, 0, money.cache_read_input_tokens) AS cache_read_input_tokens,
    if(money.record_id IS NULL, 0, money.output_tokens) AS output_tokens,
    if(money.record_id IS NULL, 0, money.list_cost) AS list_cost,
    money.unpriced_reason
FROM usage LEFT JOIN money USING (record_id)
WHERE started_at >= $first::TIMESTAMP AND started_at <= $last::TIMESTAMP AND record_id IN (SELECT unnest($record_ids::UUID[]))
ORDER BY started_at DESC, in_order(record_id) DESC
