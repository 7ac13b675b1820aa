-- What was spent on what: one row per group; $dimensions, four at most, says what makes a group (none: all are one). The first
-- may be 'bucket': the parts of the period that the table bucket has. $within, six at most, are dimensions whose values have to be among those of $within_values.
-- Written out one by one, as DuckDB then does only what each dimension asks for, and groups by words instead of lists.
WITH bucket_of AS (  -- hours before they are joined with anything: there are few
    SELECT found.moment, bucket.name AS bucket
    FROM (SELECT coalesce(slice, hour) AS moment FROM hourly UNION SELECT coalesce(slice, hour) FROM recent) found
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
        SELECT *, NULL::VARCHAR AS user_id FROM hourly ANTI JOIN raw_slice ON raw_slice.slice = coalesce(hourly.slice, hourly.hour)
        WHERE hour > $start::TIMESTAMP - INTERVAL 1 HOUR AND hour < $until
            AND coalesce(hourly.slice, hour) >= $start AND coalesce(hourly.slice, hour) < $until
        UNION ALL BY NAME
        FROM recent
    ) LEFT JOIN bucket_of ON bucket_of.moment = coalesce(slice, hour)
    WHERE (len($models::VARCHAR[]) = 0 OR list_contains($models::VARCHAR[], model))
        AND (len($task_types::VARCHAR[]) = 0 OR list_contains($task_types::VARCHAR[], task_type))
        AND list_transform($tag_keys::VARCHAR[], lambda key: tags[key]) = $tag_values::VARCHAR[]
        AND (len($within::VARCHAR[]) < 1 OR list_contains(($within_values::VARCHAR[][])[1], member_of(($within::VARCHAR[])[1], hour, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
        AND (len($within::VARCHAR[]) < 2 OR list_contains(($within_values::VARCHAR[][])[2], member_of(($within::VARCHAR[])[2], hour, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
        AND (len($within::VARCHAR[]) < 3 OR list_contains(($within_values::VARCHAR[][])[3], member_of(($within::VARCHAR[])[3], hour, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
        AND (len($within::VARCHAR[]) < 4 OR list_contains(($within_values::VARCHAR[][])[4], member_of(($within::VARCHAR[])[4], hour, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
        AND (len($within::VARCHAR[]) < 5 OR list_contains(($within_values::VARCHAR[][])[5], member_of(($within::VARCHAR[])[5], hour, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
        AND (len($within::VARCHAR[]) < 6 OR list_contains(($within_values::VARCHAR[][])[6], member_of(($within::VARCHAR[])[6], hour, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
)
SELECT
    [member_1, member_2, member_3, member_4][:len($dimensions::VARCHAR[])] AS members,
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
FROM found
GROUP BY member_1, member_2, member_3, member_4
ORDER BY list_cost DESC NULLS LAST, members
