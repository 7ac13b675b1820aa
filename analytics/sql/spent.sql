-- What was spent in each of the periods $spans, by up to four dimensions; with $hourly, in each hour of it. Over roll-ups, as
-- breakdown.sql, and the slices that have none.
WITH found AS (
    SELECT
        member_of(($dimensions::VARCHAR[])[1], hour, model, requested_model, task_type, tier, platform, region, workspace_id, nullif('', ''), key_fingerprint, status, tags) AS member_1,
        member_of(($dimensions::VARCHAR[])[2], hour, model, requested_model, task_type, tier, platform, region, workspace_id, nullif('', ''), key_fingerprint, status, tags) AS member_2,
        member_of(($dimensions::VARCHAR[])[3], hour, model, requested_model, task_type, tier, platform, region, workspace_id, nullif('', ''), key_fingerprint, status, tags) AS member_3,
        member_of(($dimensions::VARCHAR[])[4], hour, model, requested_model, task_type, tier, platform, region, workspace_id, nullif('', ''), key_fingerprint, status, tags) AS member_4,
        coalesce(slice, hour) AS moment,
        list_cost, contracted_cost, unpriced_attempts
    FROM (
        SELECT hourly.* FROM hourly ANTI JOIN raw_slice ON raw_slice.slice = coalesce(hourly.slice, hourly.hour)
        WHERE coalesce(hourly.slice, hour) >= $start AND hour < $until
        UNION ALL
        SELECT * EXCLUDE (user_id) FROM recent
    )
),
slotted AS (  -- before the periods: many hours are in several of them
    SELECT member_1, member_2, member_3, member_4, moment, sum(list_cost) AS list_cost, sum(contracted_cost) AS contracted_cost, sum(unpriced_attempts) AS unpriced_attempts
    FROM found GROUP BY ALL
)
SELECT
    span.number AS span, if($hourly, date_trunc('hour', moment), NULL) AS hour, member_1, member_2, member_3, member_4,
    sum(list_cost) AS list_cost, sum(contracted_cost) AS contracted_cost, sum(unpriced_attempts)::BIGINT AS unpriced_attempts
FROM slotted JOIN span ON moment >= span.start AND moment < span.until AND list_contains($spans::INTEGER[], span.number)
GROUP BY ALL
