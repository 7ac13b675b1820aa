-- The attempts that filters leave, each with what its lines come to; unpriced: one of them at least has no price. What used nothing
-- cost nothing.
WITH more AS (  -- hardly any attempt has a second line: grouping all of them would take as long as the rest together
    SELECT record_id, bool_or(list_cost IS NULL) AS unpriced, sum(list_cost) AS list_cost
    FROM charge WHERE started_at >= $start::TIMESTAMP AND started_at < $until::TIMESTAMP AND line_number > 1
    GROUP BY record_id
),
money AS (
    SELECT
        first.record_id,
        first.list_cost IS NULL OR coalesce(more.unpriced, false) AS unpriced,
        if(first.list_cost IS NULL, more.list_cost, first.list_cost + coalesce(more.list_cost, 0)) AS list_cost
    FROM charge AS first LEFT JOIN more USING (record_id)
    WHERE started_at >= $start::TIMESTAMP AND started_at < $until::TIMESTAMP AND line_number = 1
)
SELECT attempt.*, coalesce(unpriced, false) AS unpriced, if(money.record_id IS NULL, 0, list_cost) AS list_cost
FROM (
INCLUDE attempts_of
) AS attempt LEFT JOIN money USING (record_id)
