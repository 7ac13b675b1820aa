-- Attempts from $first up to $until by the hour, in the shape of the table `recent`; with $sliced also by slices, with $by_user also
-- by user.
-- Attempts without a line used nothing, which costs nothing. A call counts where its last attempt does.
WITH money AS (  -- one row per attempt
    SELECT
        line.record_id,
        bool_or(list_cost IS NULL) AS unpriced,
        sum(list_cost) AS list_cost,
        sum(contracted_cost) AS contracted_cost,
        -- One line without a rate makes the amount unknown, not smaller.
        if(count(reporting_cost) = count(contracted_cost), sum(reporting_cost), NULL) AS reporting_cost,
        sum(requested_list_cost) FILTER (WHERE list_cost IS NOT NULL) AS requested_list_cost,
        sum(requested_list_cost - list_cost) AS routing_saved,
        sum(uncached_list_cost - list_cost) AS cache_saved,
        sum(input_tokens) AS input_tokens,
        sum(output_tokens) AS output_tokens,
        sum(cache_write_5m_tokens) AS cache_write_5m_tokens,
        sum(cache_write_1h_tokens) AS cache_write_1h_tokens,
        sum(cache_read_input_tokens) AS cache_read_tokens
    FROM line LEFT JOIN charge ON charge.record_id = line.record_id AND charge.line_number = line.line_number
        AND charge.started_at >= $first::TIMESTAMP AND charge.started_at < $until::TIMESTAMP
    WHERE line.started_at >= $first::TIMESTAMP AND line.started_at < $until::TIMESTAMP
    GROUP BY line.record_id
),
repeated AS (  -- calls of more than one attempt
    SELECT call_id, max(attempt) AS last_attempt, min(sent_model) <> max(sent_model) AS moved
    FROM usage
    WHERE started_at >= $first::TIMESTAMP - INTERVAL 2 HOURS AND started_at < $until::TIMESTAMP + INTERVAL 2 HOURS
        AND call_id IN (
            SELECT call_id FROM usage
            WHERE attempt > 1 AND started_at >= $first::TIMESTAMP - INTERVAL 2 HOURS AND started_at < $until::TIMESTAMP + INTERVAL 2 HOURS)
    GROUP BY call_id
),
attempt AS (
    SELECT
        usage.* EXCLUDE (usage, user_id),
        if($by_user, user_id, NULL) AS user_id,
        stream AND NOT complete AND duration_ms IS NULL AS open,
        error_type IS NULL AND coalesce(status BETWEEN 200 AND 299, false) AS succeeded,
        attempt >= coalesce(last_attempt, attempt) AS ended,
        coalesce(ended AND moved AND succeeded, false) AS fell_back,
        coalesce(money.unpriced, false) AS unpriced,
        if(money.record_id IS NULL, 0, list_cost) AS list_cost,
        if(money.record_id IS NULL, 0, contracted_cost) AS contracted_cost,
        if(money.record_id IS NULL, 0, reporting_cost) AS reporting_cost,
        money.* EXCLUDE (record_id, unpriced, list_cost, contracted_cost, reporting_cost)
    FROM usage
    LEFT JOIN money ON money.record_id = usage.record_id
    LEFT JOIN repeated ON repeated.call_id = usage.call_id
    WHERE usage.started_at >= $first::TIMESTAMP AND usage.started_at < $until::TIMESTAMP
)
SELECT
    date_trunc('hour', started_at) AS hour,
    if($sliced, time_bucket(INTERVAL 5 MINUTES, started_at), NULL) AS slice,
    model, requested_model, task_type, tier, platform, region, workspace_id, key_fingerprint, status, tags,
    count(*) FILTER (WHERE ended) AS calls,
    count(*) AS attempts,
    count(*) FILTER (WHERE NOT succeeded) AS failed_attempts,
    count(*) FILTER (WHERE fell_back) AS fallback_calls,
    count(*) FILTER (WHERE NOT complete AND NOT open) AS incomplete_attempts,
    count(*) FILTER (WHERE open) AS open_attempts,
    count(batch_result_type) AS batch_items,
    count(*) FILTER (WHERE batch_result_type = 'errored') AS batch_errored,
    count(*) FILTER (WHERE batch_result_type = 'canceled') AS batch_canceled,
    count(*) FILTER (WHERE batch_result_type = 'expired') AS batch_expired,
    count(*) FILTER (WHERE unpriced) AS unpriced_attempts,
    count(*) FILTER (WHERE contracted_cost IS NOT NULL AND reporting_cost IS NULL) AS unconverted_attempts,
    count(routing_saved) AS routing_compared_attempts,
    sum(list_cost) AS list_cost,
    sum(contracted_cost) AS contracted_cost,
    sum(reporting_cost) AS reporting_cost,
    sum(requested_list_cost) AS requested_list_cost,
    sum(routing_saved) AS routing_saved,
    sum(cache_saved) AS cache_saved,
    coalesce(sum(input_tokens), 0)::BIGINT AS input_tokens,
    coalesce(sum(output_tokens), 0)::BIGINT AS output_tokens,
    (coalesce(sum(cache_write_5m_tokens), 0) + coalesce(sum(cache_write_1h_tokens), 0))::BIGINT AS cache_write_tokens,
    coalesce(sum(cache_read_tokens), 0)::BIGINT AS cache_read_tokens,
    user_id
FROM attempt
GROUP BY ALL
