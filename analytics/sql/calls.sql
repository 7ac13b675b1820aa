-- A page of attempts, the newest first. $after_at and $after_id are where the page before ended; NULL: this is the first. What
-- is looked for is NULL where nothing is. The record ids that begin with $id are those from $first_id to $last_id.
WITH costly AS (  -- what has a price comes to $least or more
    SELECT record_id FROM charge
    WHERE list_cost >= $least AND started_at >= $start::TIMESTAMP AND started_at < $until::TIMESTAMP
    UNION
    SELECT record_id FROM charge
    WHERE record_id IN (SELECT record_id FROM charge WHERE line_number > 1 AND started_at >= $start AND started_at < $until)
        AND started_at >= $start AND started_at < $until
    GROUP BY record_id HAVING sum(list_cost) >= $least
),
page AS MATERIALIZED (  -- only ids: carrying whole rows through the sort would take several times as long
    SELECT record_id, started_at
    FROM attempts_of($start::TIMESTAMP, $until::TIMESTAMP, $models::VARCHAR[], $task_types::VARCHAR[],
        $tag_keys::VARCHAR[], $tag_values::VARCHAR[], $within::VARCHAR[], $within_values::VARCHAR[][])
    WHERE ($after_at::TIMESTAMP IS NULL OR (
            started_at <= $after_at::TIMESTAMP AND (started_at < $after_at::TIMESTAMP OR record_id < $after_id::UUID)))
        AND ($id::VARCHAR IS NULL OR starts_with(call_id, $id::VARCHAR) OR starts_with(request_id, $id::VARCHAR)
            OR starts_with(message_id, $id::VARCHAR) OR starts_with(batch_id, $id::VARCHAR)
            OR record_id BETWEEN $first_id::UUID AND $last_id::UUID)
        AND ($user_id::VARCHAR IS NULL OR user_id = $user_id::VARCHAR)
        AND ($status::INTEGER IS NULL OR status = $status::INTEGER)
        AND ($failed::BOOLEAN IS NULL OR succeeded <> $failed::BOOLEAN)
        AND ($stop_reason::VARCHAR IS NULL OR stop_reason = $stop_reason::VARCHAR)
        AND ($unpriced::VARCHAR IS NULL OR record_id IN (
            SELECT record_id FROM charge
            WHERE unpriced_reason = $unpriced::VARCHAR AND started_at >= $start AND started_at < $until))
        AND (len($aspects::VARCHAR[]) = 0 OR list_transform($aspects::VARCHAR[], lambda aspect: aspect_of(aspect, NULL, tier, task_type, requested_model, model,
            shadow_model, budget_of(reason), decision_of(reason, requested_model, sent_model, shadow_model, tags), reason_of(reason),
            outcome_of(reason), tenth_of(confidence))) = $members::VARCHAR[])
        AND ($least::DECIMAL(38, 18) IS NULL OR record_id IN (FROM costly))
    ORDER BY started_at DESC, record_id DESC
    LIMIT $size
),
money AS (  -- one row per attempt
    SELECT
        record_id,
        sum(input_tokens)::BIGINT AS input_tokens,
        sum(cache_write_5m_tokens)::BIGINT AS cache_write_5m_tokens,
        sum(cache_write_1h_tokens)::BIGINT AS cache_write_1h_tokens,
        sum(cache_read_input_tokens)::BIGINT AS cache_read_input_tokens,
        sum(output_tokens)::BIGINT AS output_tokens,
        if(count(list_cost) = count(*), sum(list_cost), NULL) AS list_cost,
        if(count(list_cost) = count(*), NULL, coalesce(min(unpriced_reason), 'not rated yet')) AS unpriced_reason
    FROM line LEFT JOIN charge USING (record_id, line_number, started_at)
    JOIN page USING (record_id, started_at)
    GROUP BY record_id
)
-- An attempt without a line used nothing, which costs nothing.
SELECT
    usage.* EXCLUDE (usage),
    error_type IS NULL AND coalesce(status BETWEEN 200 AND 299, false) AS succeeded,
    if(money.record_id IS NULL, 0, money.input_tokens) AS input_tokens,
    if(money.record_id IS NULL, 0, money.cache_write_5m_tokens) AS cache_write_5m_tokens,
    if(money.record_id IS NULL, 0, money.cache_write_1h_tokens) AS cache_write_1h_tokens,
    if(money.record_id IS NULL, 0, money.cache_read_input_tokens) AS cache_read_input_tokens,
    if(money.record_id IS NULL, 0, money.output_tokens) AS output_tokens,
    if(money.record_id IS NULL, 0, money.list_cost) AS list_cost,
    money.unpriced_reason
FROM usage JOIN page USING (record_id, started_at) LEFT JOIN money USING (record_id)
ORDER BY started_at DESC, record_id DESC
