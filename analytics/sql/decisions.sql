-- What was decided, by $aspects, two at most; none: in all. `decided` is that of decided.sql.
SELECT
    [aspect_of(($aspects::VARCHAR[])[1], slot, tier, task_type, requested_model, model, shadow_model, budget, decision, reason, outcome, confidence),
     aspect_of(($aspects::VARCHAR[])[2], slot, tier, task_type, requested_model, model, shadow_model, budget, decision, reason, outcome, confidence)
    ][:len($aspects::VARCHAR[])] AS members,
    sum(calls)::BIGINT AS calls,
    sum(attempts)::BIGINT AS attempts,
    sum(would_differ)::BIGINT AS would_differ,
    sum(unpriced_attempts)::BIGINT AS unpriced_attempts,
    sum(list_cost) AS list_cost
FROM decided
GROUP BY members
HAVING count(*) > 0
ORDER BY list_cost DESC NULLS LAST, members
