-- Attempts from $first up to $until as ../../sql/hours_of.sql has them. Here the lines of an attempt lie in its row: no join.
WITH money AS (
    SELECT
        *, length(lines.kind) AS lines_of,
        arrayCount(cost -> cost IS NULL, lines.list_cost) > 0 AS unpriced,
        -- What none of the lines has is NULL, as a sum is.
        if(lines_of = 0, toDecimal128(0, 18), if(arrayAll(cost -> cost IS NULL, lines.list_cost), NULL, arraySum(arrayMap(cost -> coalesce(cost, 0), lines.list_cost)))) AS list_cost,
        if(lines_of = 0, toDecimal128(0, 18), if(arrayAll(cost -> cost IS NULL, lines.contracted_cost), NULL, arraySum(arrayMap(cost -> coalesce(cost, 0), lines.contracted_cost)))) AS contracted_cost,
        -- One line without a rate makes the amount unknown, not smaller.
        if(lines_of = 0, toDecimal128(0, 24), if(arrayAll(cost -> cost IS NULL, lines.reporting_cost)
            OR arrayCount(cost -> cost IS NOT NULL, lines.reporting_cost) <> arrayCount(cost -> cost IS NOT NULL, lines.contracted_cost),
            NULL, arraySum(arrayMap(cost -> coalesce(cost, 0), lines.reporting_cost)))) AS reporting_cost,
        arrayMap((cost, listed) -> if(listed IS NULL, NULL, cost), lines.requested_list_cost, lines.list_cost) AS asked,
        arrayMap((cost, listed) -> cost - listed, lines.requested_list_cost, lines.list_cost) AS routed,
        arrayMap((cost, listed) -> cost - listed, lines.uncached_list_cost, lines.list_cost) AS cached,
        if(arrayAll(cost -> cost IS NULL, asked), NULL, arraySum(arrayMap(cost -> coalesce(cost, 0), asked))) AS requested_list_cost,
        if(arrayAll(cost -> cost IS NULL, routed), NULL, arraySum(arrayMap(cost -> coalesce(cost, 0), routed))) AS routing_saved,
        if(arrayAll(cost -> cost IS NULL, cached), NULL, arraySum(arrayMap(cost -> coalesce(cost, 0), cached))) AS cache_saved
    FROM attempt FINAL
    WHERE started_at >= $first::TIMESTAMP AND started_at < $until::TIMESTAMP
),
repeated AS (  -- calls of more than one attempt
    SELECT call_id, max(attempt) AS last_attempt, min(sent_model) <> max(sent_model) AS moved
    FROM attempt FINAL
    WHERE started_at >= $first::TIMESTAMP - INTERVAL 2 HOUR AND started_at < $until::TIMESTAMP + INTERVAL 2 HOUR
        AND call_id IN (
            SELECT call_id FROM attempt FINAL
            WHERE attempt > 1 AND started_at >= $first::TIMESTAMP - INTERVAL 2 HOUR AND started_at < $until::TIMESTAMP + INTERVAL 2 HOUR)
    GROUP BY call_id
),
one AS (
    SELECT
        money.*,
        stream AND NOT complete AND duration_ms IS NULL AS open,
        error_type IS NULL AND coalesce(status BETWEEN 200 AND 299, false) AS succeeded,
        attempt >= coalesce(last_attempt, attempt) AS ended,
        coalesce(ended AND moved AND succeeded, false) AS fell_back
    FROM money LEFT JOIN repeated ON repeated.call_id = money.call_id
)
SELECT
    toDateTime64(toStartOfHour(started_at), 6, 'UTC') AS hour,
    if($sliced, toDateTime64(toStartOfFiveMinutes(started_at), 6, 'UTC'), NULL) AS slice,
    model, requested_model, task_type, tier, platform, region, workspace_id, key_fingerprint, status, tags,
    countIf(ended) AS calls,
    count(*) AS attempts,
    countIf(NOT succeeded) AS failed_attempts,
    countIf(fell_back) AS fallback_calls,
    countIf(NOT complete AND NOT open) AS incomplete_attempts,
    countIf(open) AS open_attempts,
    count(batch_result_type) AS batch_items,
    countIf(batch_result_type = 'errored') AS batch_errored,
    countIf(batch_result_type = 'canceled') AS batch_canceled,
    countIf(batch_result_type = 'expired') AS batch_expired,
    countIf(unpriced) AS unpriced_attempts,
    countIf(one.contracted_cost IS NOT NULL AND one.reporting_cost IS NULL) AS unconverted_attempts,
    count(one.routing_saved) AS routing_compared_attempts,
    sum(one.list_cost) AS list_cost,
    sum(one.contracted_cost) AS contracted_cost,
    sum(one.reporting_cost) AS reporting_cost,
    sum(one.requested_list_cost) AS requested_list_cost,
    sum(one.routing_saved) AS routing_saved,
    sum(one.cache_saved) AS cache_saved,
    coalesce(sum(arraySum(arrayMap(count -> coalesce(count, 0), lines.input_tokens))), 0) AS input_tokens,
    coalesce(sum(arraySum(arrayMap(count -> coalesce(count, 0), lines.output_tokens))), 0) AS output_tokens,
    coalesce(sum(arraySum(arrayMap(count -> coalesce(count, 0), lines.cache_write_5m_tokens))), 0)
        + coalesce(sum(arraySum(arrayMap(count -> coalesce(count, 0), lines.cache_write_1h_tokens))), 0) AS cache_write_tokens,
    coalesce(sum(arraySum(arrayMap(count -> coalesce(count, 0), lines.cache_read_input_tokens))), 0) AS cache_read_tokens,
    if($by_user, user_id, NULL) AS user_id
FROM one
GROUP BY ALL
