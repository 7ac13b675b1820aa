-- What there is of each UTC day, to hold one ledger against another.
WITH attempts AS (
    SELECT started_at::DATE AS day, count(*) AS attempts, sum(coalesce(revision, 0))::BIGINT AS revisions FROM usage GROUP BY day
),
lines AS (
    SELECT
        started_at::DATE AS day, count(*) AS lines, sum(coalesce(input_tokens, 0))::BIGINT AS input_tokens,
        sum(coalesce(output_tokens, 0))::BIGINT AS output_tokens, sum(coalesce(cache_read_input_tokens, 0))::BIGINT AS cache_read_tokens,
        sum(coalesce(cache_write_5m_tokens, 0) + coalesce(cache_write_1h_tokens, 0))::BIGINT AS cache_write_tokens
    FROM line GROUP BY day
),
charges AS (
    SELECT
        started_at::DATE AS day, count(list_cost) AS priced_lines, sum(list_cost) AS list_cost, sum(contracted_cost) AS contracted_cost,
        sum(reporting_cost) AS reporting_cost
    FROM charge GROUP BY day
)
SELECT
    day, attempts, revisions, coalesce(lines, 0) AS lines, coalesce(input_tokens, 0) AS input_tokens,
    coalesce(output_tokens, 0) AS output_tokens, coalesce(cache_read_tokens, 0) AS cache_read_tokens,
    coalesce(cache_write_tokens, 0) AS cache_write_tokens, coalesce(priced_lines, 0) AS priced_lines,
    list_cost, contracted_cost, reporting_cost
FROM attempts LEFT JOIN lines USING (day) LEFT JOIN charges USING (day)
ORDER BY day
