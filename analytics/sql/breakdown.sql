-- What was spent on what: one row per group of attempts; $dimensions says what makes a group (none: all are one group).
-- Attempts first become calls, so that a call is counted once in each group, whatever it was retried.
WITH money AS (  -- one row per attempt
    SELECT
        record_id,
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
    FROM line LEFT JOIN charge USING (record_id, line_number)
    WHERE line.started_at >= $start AND line.started_at < $until
    GROUP BY record_id
),
attempt AS (
    SELECT
        list_transform($dimensions::VARCHAR[], lambda dimension: member_of(
            dimension, started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)) AS members,
        call_id,
        attempt,
        sent_model,
        complete,
        stream AND NOT complete AND duration_ms IS NULL AS open,
        batch_result_type,
        error_type IS NULL AND coalesce(status BETWEEN 200 AND 299, false) AS succeeded,
        coalesce(money.unpriced, false) AS unpriced,  -- an attempt without a line used nothing
        if(money.record_id IS NULL, 0, list_cost) AS list_cost,
        if(money.record_id IS NULL, 0, contracted_cost) AS contracted_cost,
        if(money.record_id IS NULL, 0, reporting_cost) AS reporting_cost,
        money.* EXCLUDE (record_id, unpriced, list_cost, contracted_cost, reporting_cost)
    FROM usage LEFT JOIN money USING (record_id)
    WHERE started_at >= $start AND started_at < $until
        AND (len($models::VARCHAR[]) = 0 OR list_contains($models::VARCHAR[], model))
        AND (len($task_types::VARCHAR[]) = 0 OR list_contains($task_types::VARCHAR[], task_type))
        AND list_transform($tag_keys::VARCHAR[], lambda key: tags[key]) = $tag_values::VARCHAR[]
),
call AS (
    SELECT
        members,
        count(*) AS attempts,
        count(*) FILTER (WHERE NOT succeeded) AS failed_attempts,
        count(*) FILTER (WHERE NOT complete AND NOT open) AS incomplete_attempts,
        count(*) FILTER (WHERE open) AS open_attempts,
        count(batch_result_type) AS batch_items,
        count(*) FILTER (WHERE batch_result_type = 'errored') AS batch_errored,
        count(*) FILTER (WHERE batch_result_type = 'canceled') AS batch_canceled,
        count(*) FILTER (WHERE batch_result_type = 'expired') AS batch_expired,
        count(*) FILTER (WHERE unpriced) AS unpriced_attempts,
        count(routing_saved) AS routing_compared_attempts,
        min(sent_model) <> max(sent_model) AND arg_max(succeeded, attempt) AS fell_back,
        sum(list_cost) AS list_cost,
        sum(contracted_cost) AS contracted_cost,
        if(count(reporting_cost) = count(contracted_cost), sum(reporting_cost), NULL) AS reporting_cost,
        sum(requested_list_cost) AS requested_list_cost,
        sum(routing_saved) AS routing_saved,
        sum(cache_saved) AS cache_saved,
        sum(input_tokens) AS input_tokens,
        sum(output_tokens) AS output_tokens,
        sum(cache_write_5m_tokens) AS cache_write_5m_tokens,
        sum(cache_write_1h_tokens) AS cache_write_1h_tokens,
        sum(cache_read_tokens) AS cache_read_tokens
    FROM attempt
    GROUP BY members, call_id
)
SELECT
    members,
    count(*) AS calls,
    sum(attempts)::BIGINT AS attempts,
    sum(failed_attempts)::BIGINT AS failed_attempts,
    count(*) FILTER (WHERE fell_back) AS fallback_calls,
    sum(incomplete_attempts)::BIGINT AS incomplete_attempts,
    sum(open_attempts)::BIGINT AS open_attempts,
    sum(batch_items)::BIGINT AS batch_items,
    sum(batch_errored)::BIGINT AS batch_errored,
    sum(batch_canceled)::BIGINT AS batch_canceled,
    sum(batch_expired)::BIGINT AS batch_expired,
    sum(unpriced_attempts)::BIGINT AS unpriced_attempts,
    sum(list_cost) AS list_cost,
    sum(contracted_cost) AS contracted_cost,
    if(count(reporting_cost) = count(contracted_cost) AND (SELECT currency FROM contract) IS NOT NULL, sum(reporting_cost), NULL)
        AS reporting_cost,
    (SELECT currency FROM contract) AS reporting_currency,
    sum(requested_list_cost) AS requested_list_cost,
    sum(routing_saved) AS routing_saved,
    sum(routing_compared_attempts)::BIGINT AS routing_compared_attempts,
    sum(cache_saved) AS cache_saved,
    coalesce(sum(input_tokens), 0)::BIGINT AS input_tokens,
    coalesce(sum(output_tokens), 0)::BIGINT AS output_tokens,
    (coalesce(sum(cache_write_5m_tokens), 0) + coalesce(sum(cache_write_1h_tokens), 0))::BIGINT AS cache_write_tokens,
    coalesce(sum(cache_read_tokens), 0)::BIGINT AS cache_read_tokens
FROM call
GROUP BY members
ORDER BY list_cost DESC NULLS LAST, members
