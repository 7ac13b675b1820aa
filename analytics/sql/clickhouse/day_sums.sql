-- What ../days.sql asks of each day. Here the lines of an attempt lie in its row: no join.
SELECT
    toDate32(started_at) AS day,
    count(*) AS attempts,
    sum(coalesce(revision, 0)) AS revisions,
    sum(length(lines.kind)) AS lines,
    sum(arraySum(arrayMap(count -> coalesce(count, 0), lines.input_tokens))) AS input_tokens,
    sum(arraySum(arrayMap(count -> coalesce(count, 0), lines.output_tokens))) AS output_tokens,
    sum(arraySum(arrayMap(count -> coalesce(count, 0), lines.cache_read_input_tokens))) AS cache_read_tokens,
    sum(arraySum(arrayMap(count -> coalesce(count, 0), lines.cache_write_5m_tokens)) + arraySum(arrayMap(count -> coalesce(count, 0), lines.cache_write_1h_tokens))) AS cache_write_tokens,
    sum(arrayCount(cost -> cost IS NOT NULL, lines.list_cost)) AS priced_lines,
    sumIf(arraySum(arrayMap(cost -> coalesce(cost, 0), lines.list_cost)), arrayExists(cost -> cost IS NOT NULL, lines.list_cost)) AS list_cost,
    sumIf(arraySum(arrayMap(cost -> coalesce(cost, 0), lines.contracted_cost)), arrayExists(cost -> cost IS NOT NULL, lines.contracted_cost)) AS contracted_cost,
    sumIf(arraySum(arrayMap(cost -> coalesce(cost, 0), lines.reporting_cost)), arrayExists(cost -> cost IS NOT NULL, lines.reporting_cost)) AS reporting_cost
FROM attempt
