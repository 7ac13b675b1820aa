-- How attempts went: one row per group; $dimensions, two at most, says what makes a group (none: all are one).
-- What an answer took and how long it is: of those that were seen to their end. Items of batches have no duration.
WITH repeated AS (  -- calls of more than one attempt, as hours_of.sql counts them
    SELECT call_id, max(attempt) AS last_attempt
    FROM usage
    WHERE started_at >= $start::TIMESTAMP - INTERVAL 2 HOURS AND started_at < $until::TIMESTAMP + INTERVAL 2 HOURS AND attempt > 1
    GROUP BY call_id
),
attempt AS (
    SELECT
        member_of(($dimensions::VARCHAR[])[1], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_1,
        member_of(($dimensions::VARCHAR[])[2], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_2,
        succeeded, stop_reason, duration_ms, time_to_first_token_ms, batch, priority, fast,
        succeeded AND complete AS answered,
        if(answered, output_tokens, NULL)::BIGINT AS written,
        if(succeeded, NULL, coalesce(status::VARCHAR, 'no answer') || coalesce(' ' || error_type, '')) AS error,
        stream AND NOT complete AND duration_ms IS NULL AS open,
        NOT complete AND NOT open AS cut,
        attempt >= coalesce(last_attempt, attempt) AS ended
    FROM (
INCLUDE attempts_used
    )
    LEFT JOIN repeated USING (call_id)
)
SELECT
    first_of([member_1, member_2], len($dimensions::VARCHAR[])) AS members,
    count(*) FILTER (WHERE ended) AS calls,
    count(*) AS attempts,
    count(*) FILTER (WHERE NOT succeeded) AS failed_attempts,
    count(*) FILTER (WHERE cut) AS incomplete_attempts,
    count(*) FILTER (WHERE open) AS open_attempts,
    count(duration_ms) FILTER (WHERE answered) AS timed_attempts,
    settled(quantile_cont(duration_ms, [0.5, 0.95, 0.99]) FILTER (WHERE answered)) AS duration_ms,
    count(time_to_first_token_ms) FILTER (WHERE answered) AS timed_streams,
    settled(quantile_cont(time_to_first_token_ms, [0.5, 0.95, 0.99]) FILTER (WHERE answered)) AS time_to_first_token_ms,
    -- Whole microseconds add up to the same in any order.
    sum(written) FILTER (WHERE duration_ms > 0) / (sum(floor(duration_ms * 1000 + 0.5)::BIGINT) FILTER (WHERE duration_ms > 0 AND written IS NOT NULL) / 1000000)
        AS output_tokens_per_second,
    settled(quantile_cont(written, [0.5, 0.95, 0.99])) AS output_tokens,
    histogram(stop_reason) AS stop_reasons,
    histogram(error) AS errors,
    count(batch) AS used_attempts,
    count(*) FILTER (WHERE fast) AS fast_attempts,
    count(*) FILTER (WHERE batch) AS batch_attempts,
    count(*) FILTER (WHERE priority) AS priority_attempts
FROM attempt
GROUP BY member_1, member_2
ORDER BY calls DESC, members
