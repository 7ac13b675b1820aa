-- The same where users are among the dimensions: of them there are no roll-ups, so over the attempts. $users: only these;
-- none: all.
WITH money AS (  -- first, so that the join below carries what a period has and no more
    SELECT charge.record_id, sum(list_cost) AS list_cost, sum(contracted_cost) AS contracted_cost, bool_or(list_cost IS NULL) AS unpriced
    FROM charge WHERE started_at >= $start AND started_at < $until
    GROUP BY charge.record_id
)
SELECT
    span.number AS span, if($hourly, date_trunc('hour', started_at), NULL) AS hour,
    member_of(($dimensions::VARCHAR[])[1], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_1,
    member_of(($dimensions::VARCHAR[])[2], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_2,
    member_of(($dimensions::VARCHAR[])[3], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_3,
    member_of(($dimensions::VARCHAR[])[4], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_4,
    sum(list_cost) AS list_cost, sum(contracted_cost) AS contracted_cost, count(*) FILTER (WHERE unpriced) AS unpriced_attempts
FROM usage JOIN money USING (record_id)
JOIN span ON started_at >= span.start AND started_at < span.until AND list_contains($spans::INTEGER[], span.number)
WHERE user_id IS NOT NULL AND (len($users::VARCHAR[]) = 0 OR user_id IN (SELECT unnest($users::VARCHAR[]))) AND started_at >= $start AND started_at < $until
GROUP BY ALL
