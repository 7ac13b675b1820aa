-- What was decided, by $aspects: none, in all. `decided` is that of decided.sql.
SELECT
    aspects_of($aspects::VARCHAR[], slot, tier, task_type, requested_model, model, shadow_model, budget, decision, reason, outcome, tenth) AS members,
    sum(calls)::BIGINT AS calls,
    sum(attempts)::BIGINT AS attempts,
    sum(would_differ)::BIGINT AS would_differ,
    sum(unpriced_attempts)::BIGINT AS unpriced_attempts,
    sum(list_cost) AS list_cost
FROM decided
GROUP BY members
HAVING count(*) > 0
ORDER BY sum(list_cost) DESC NULLS LAST, members
