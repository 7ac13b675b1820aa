-- Which attempts are on a page, the newest first. $after_at and $after_id are where the page before ended; NULL: this is the first.
-- What is looked for is NULL where nothing is. The record ids that begin with $id are those from $first_id to $last_id.
-- Only ids: carrying whole rows through the sort would take several times as long.
WITH costly AS (  -- what has a price comes to $least or more
    SELECT record_id FROM charge
    WHERE list_cost >= $least::DECIMAL(38, 18) AND started_at >= $start::TIMESTAMP AND started_at < $until::TIMESTAMP
    UNION
    SELECT record_id FROM charge
    WHERE record_id IN (SELECT record_id FROM charge WHERE line_number > 1 AND started_at >= $start::TIMESTAMP AND started_at < $until::TIMESTAMP)
        AND started_at >= $start::TIMESTAMP AND started_at < $until::TIMESTAMP
    GROUP BY record_id HAVING sum(list_cost) >= $least::DECIMAL(38, 18)
)
SELECT record_id, started_at
FROM (
INCLUDE attempts_of
)
WHERE ($after_at::TIMESTAMP IS NULL OR (
        started_at <= $after_at::TIMESTAMP AND (started_at < $after_at::TIMESTAMP OR in_order(record_id) < in_order($after_id::UUID))))
    AND ($id::VARCHAR IS NULL OR starts_with(call_id, $id::VARCHAR) OR starts_with(request_id, $id::VARCHAR)
        OR starts_with(message_id, $id::VARCHAR) OR starts_with(batch_id, $id::VARCHAR)
        OR in_order(record_id) BETWEEN in_order($first_id::UUID) AND in_order($last_id::UUID))
    AND ($user_id::VARCHAR IS NULL OR user_id = $user_id::VARCHAR)
    AND ($status::INTEGER IS NULL OR status = $status::INTEGER)
    AND ($failed::BOOLEAN IS NULL OR succeeded <> $failed::BOOLEAN)
    AND ($stop_reason::VARCHAR IS NULL OR stop_reason = $stop_reason::VARCHAR)
    AND ($unpriced::VARCHAR IS NULL OR record_id IN (
        SELECT record_id FROM charge
        WHERE unpriced_reason = $unpriced::VARCHAR AND started_at >= $start::TIMESTAMP AND started_at < $until::TIMESTAMP))
    AND (len($aspects::VARCHAR[]) = 0 OR aspects_of($aspects::VARCHAR[], NULL, tier, task_type, requested_model, model, shadow_model,
        budget_of(reason), decision_of(reason, requested_model, sent_model, shadow_model, tags['tollgate']), reason_of(reason),
        outcome_of(reason), tenth_of(confidence)) = $members::VARCHAR[])
    AND ($least::DECIMAL(38, 18) IS NULL OR record_id IN (SELECT record_id FROM costly))
ORDER BY started_at DESC, in_order(record_id) DESC
LIMIT $size
