-- What was spent on what: one row per group and breakdown. $dimensions are four at most; the first may be 'bucket': the parts of
-- the period that the table bucket has. Each of $groupings is a breakdown: by which of the dimensions, as places from 1 (none: all
-- is one group). $within, six at most, are dimensions whose values have to be among those of $within_values.
-- Written out one by one, as DuckDB then does only what each dimension asks for, and groups by words instead of lists.
WITH bucket_of AS (  -- hours before they are joined with anything: there are few
    SELECT found.moment, bucket.name AS bucket
    FROM (SELECT coalesce(slice, hour) AS moment FROM hourly WHERE hour > $start::TIMESTAMP - INTERVAL 1 HOUR AND hour < $until UNION SELECT coalesce(slice, hour) FROM recent) found
    JOIN bucket ON found.moment >= bucket.start AND found.moment < bucket.until
),
found AS (
    SELECT
        if(($dimensions::VARCHAR[])[1] = 'bucket', bucket,
        member_of(($dimensions::VARCHAR[])[1], hour, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)) AS member_1,
        member_of(($dimensions::VARCHAR[])[2], hour, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_2,
        member_of(($dimensions::VARCHAR[])[3], hour, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_3,
        member_of(($dimensions::VARCHAR[])[4], hour, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_4,
        *
    FROM (
        SELECT hourly.*, nullif('', '') AS user_id FROM hourly ANTI JOIN raw_slice ON raw_slice.slice = coalesce(hourly.slice, hourly.hour)
        WHERE hour > $start::TIMESTAMP - INTERVAL 1 HOUR AND hour < $until
            AND coalesce(hourly.slice, hour) >= $start AND coalesce(hourly.slice, hour) < $until
        UNION ALL
        SELECT * FROM recent
    ) LEFT JOIN bucket_of ON bucket_of.moment = coalesce(slice, hour)
    WHERE (len($models::VARCHAR[]) = 0 OR list_contains($models::VARCHAR[], model))
        AND (len($task_types::VARCHAR[]) = 0 OR list_contains($task_types::VARCHAR[], task_type))
        AND (len($tag_keys::VARCHAR[]) = 0 OR tags_of(tags, $tag_keys::VARCHAR[]) = $tag_values::VARCHAR[])
        AND (len($within::VARCHAR[]) < 1 OR list_contains(($within_values::VARCHAR[][])[1], member_of(($within::VARCHAR[])[1], hour, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
        AND (len($within::VARCHAR[]) < 2 OR list_contains(($within_values::VARCHAR[][])[2], member_of(($within::VARCHAR[])[2], hour, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
        AND (len($within::VARCHAR[]) < 3 OR list_contains(($within_values::VARCHAR[][])[3], member_of(($within::VARCHAR[])[3], hour, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
        AND (len($within::VARCHAR[]) < 4 OR list_contains(($within_values::VARCHAR[][])[4], member_of(($within::VARCHAR[])[4], hour, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
        AND (len($within::VARCHAR[]) < 5 OR list_contains(($within_values::VARCHAR[][])[5], member_of(($within::VARCHAR[])[5], hour, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
        AND (len($within::VARCHAR[]) < 6 OR list_contains(($within_values::VARCHAR[][])[6], member_of(($within::VARCHAR[])[6], hour, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
),
fine AS (  -- by all dimensions at once; what is asked about is then added up from few rows
    SELECT
        member_1, member_2, member_3, member_4,
        sum(calls) AS calls,
        sum(attempts) AS attempts,
        sum(failed_attempts) AS failed_attempts,
        sum(fallback_calls) AS fallback_calls,
        sum(incomplete_attempts) AS incomplete_attempts,
        sum(open_attempts) AS open_attempts,
        sum(batch_items) AS batch_items,
        sum(batch_errored) AS batch_errored,
        sum(batch_canceled) AS batch_canceled,
        sum(batch_expired) AS batch_expired,
        sum(unpriced_attempts) AS unpriced_attempts,
        sum(unconverted_attempts) AS unconverted_attempts,
        sum(routing_compared_attempts) AS routing_compared_attempts,
        sum(list_cost) AS list_cost,
        sum(contracted_cost) AS contracted_cost,
        sum(reporting_cost) AS reporting_cost,
        sum(requested_list_cost) AS requested_list_cost,
        sum(routing_saved) AS routing_saved,
        sum(cache_saved) AS cache_saved,
        sum(input_tokens) AS input_tokens,
        sum(output_tokens) AS output_tokens,
        sum(cache_write_tokens) AS cache_write_tokens,
        sum(cache_read_tokens) AS cache_read_tokens
    FROM found
    GROUP BY ALL
),
asked AS (
    SELECT number, ($groupings::INTEGER[][])[number + 1] AS places
    FROM (SELECT unnest(range(len($groupings::INTEGER[][])))::INTEGER AS number)
)
SELECT
    number,
    members_at([member_1, member_2, member_3, member_4], places) AS members,
    sum(calls)::BIGINT AS calls,
    sum(attempts)::BIGINT AS attempts,
    sum(failed_attempts)::BIGINT AS failed_attempts,
    sum(fallback_calls)::BIGINT AS fallback_calls,
    sum(incomplete_attempts)::BIGINT AS incomplete_attempts,
    sum(open_attempts)::BIGINT AS open_attempts,
    sum(batch_items)::BIGINT AS batch_items,
    sum(batch_errored)::BIGINT AS batch_errored,
    sum(batch_canceled)::BIGINT AS batch_canceled,
    sum(batch_expired)::BIGINT AS batch_expired,
    sum(unpriced_attempts)::BIGINT AS unpriced_attempts,
    sum(list_cost) AS list_cost,
    sum(contracted_cost) AS contracted_cost,
    -- One attempt without a rate makes the amount unknown, not smaller.
    if(sum(unconverted_attempts) = 0 AND (SELECT currency FROM contract) IS NOT NULL, sum(reporting_cost), NULL) AS reporting_cost,
    (SELECT currency FROM contract) AS reporting_currency,
    sum(requested_list_cost) AS requested_list_cost,
    sum(routing_saved) AS routing_saved,
    sum(routing_compared_attempts)::BIGINT AS routing_compared_attempts,
    sum(cache_saved) AS cache_saved,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
    sum(cache_read_tokens)::BIGINT AS cache_read_tokens
FROM fine CROSS JOIN asked
GROUP BY number, members
ORDER BY number, sum(list_cost) DESC NULLS LAST, members
