-- How attempts went: one row per group; $dimensions, two at most, says what makes a group (none: all are one).
-- What an answer took and how long it is: of those that were seen to their end. Items of batches have no duration.
WITH more_lines AS (  -- hardly any attempt has a second line: grouping all of them would take as long as the rest together
    SELECT record_id, sum(output_tokens) AS output_tokens
    FROM line WHERE started_at >= $start AND started_at < $until AND line_number > 1
    GROUP BY record_id
),
used AS (
    SELECT
        record_id,
        line.output_tokens + coalesce(more_lines.output_tokens, 0) AS output_tokens,
        service_tier = 'batch' AS batch, service_tier = 'priority' AS priority, speed = 'fast' AS fast
    FROM line LEFT JOIN more_lines USING (record_id)
    WHERE started_at >= $start AND started_at < $until AND line_number = 1
),
repeated AS (  -- calls of more than one attempt, as hours_of.sql counts them
    SELECT call_id, max(attempt) AS last_attempt
    FROM usage
    WHERE started_at >= $start::TIMESTAMP - INTERVAL 2 HOURS AND started_at < $until::TIMESTAMP + INTERVAL 2 HOURS AND attempt > 1
    GROUP BY call_id
),
attempt AS (
    SELECT
        member_of(($dimensions::VARCHAR[])[1], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_1,
        member_of(($dimensions::VARCHAR[])[2], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_2,
        record_id, succeeded, status, error_type, stop_reason, duration_ms, time_to_first_token_ms,
        succeeded AND complete AS answered,
        stream AND NOT complete AND duration_ms IS NULL AS open,
        NOT complete AND NOT open AS cut,
        attempt >= coalesce(last_attempt, attempt) AS ended
    FROM attempts_of($start::TIMESTAMP, $until::TIMESTAMP, $models::VARCHAR[], $task_types::VARCHAR[],
        $tag_keys::VARCHAR[], $tag_values::VARCHAR[], $within::VARCHAR[], $within_values::VARCHAR[][])
    LEFT JOIN repeated USING (call_id)
),
joined AS (
    SELECT attempt.*, if(answered, output_tokens, NULL)::BIGINT AS written, batch, priority, fast
    FROM attempt LEFT JOIN used USING (record_id)
)
SELECT
    [member_1, member_2][:len($dimensions::VARCHAR[])] AS members,
    count(*) FILTER (WHERE ended) AS calls,
    count(*) AS attempts,
    count(*) FILTER (WHERE NOT succeeded) AS failed_attempts,
    count(*) FILTER (WHERE cut) AS incomplete_attempts,
    count(*) FILTER (WHERE open) AS open_attempts,
    count(duration_ms) FILTER (WHERE answered) AS timed_attempts,
    quantile_cont(duration_ms, [0.5, 0.95, 0.99]) FILTER (WHERE answered) AS duration_ms,
    count(time_to_first_token_ms) FILTER (WHERE answered) AS timed_streams,
    quantile_cont(time_to_first_token_ms, [0.5, 0.95, 0.99]) FILTER (WHERE answered) AS time_to_first_token_ms,
    sum(written) FILTER (WHERE duration_ms > 0) / (sum(duration_ms) FILTER (WHERE duration_ms > 0 AND written IS NOT NULL) / 1000)
        AS output_tokens_per_second,
    quantile_cont(written, [0.5, 0.95, 0.99]) AS output_tokens,
    histogram(stop_reason) AS stop_reasons,
    histogram(if(succeeded, NULL, concat_ws(' ', coalesce(status::VARCHAR, 'no answer'), error_type))) AS errors,
    count(batch) AS used_attempts,
    count(*) FILTER (WHERE fast) AS fast_attempts,
    count(*) FILTER (WHERE batch) AS batch_attempts,
    count(*) FILTER (WHERE priority) AS priority_attempts
FROM joined
GROUP BY member_1, member_2
ORDER BY calls DESC, members
