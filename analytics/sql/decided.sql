-- The attempts of a period by what was decided on them and why, as the temporary table `decided`: small, so that each question
-- about it is quick. $cuts: moments that part the period; a slot is numbered by the one that it begins with. decision_of.sql
-- goes first; what it reads out of reasons is read once for all attempts that are alike.
CREATE OR REPLACE TEMP TABLE decided AS
WITH alike AS (
    SELECT
        count_until($cuts::TIMESTAMP[], started_at)::BIGINT - 1 AS slot,
        tier, task_type, requested_model, sent_model, model, shadow_model, reason, tags['tollgate'] AS asked_by,
        tenth_of(confidence) AS tenth,
        count(*) FILTER (WHERE attempt = 1) AS calls,
        count(*) AS attempts,
        count(*) FILTER (WHERE attempt = 1 AND shadow_model <> model) AS would_differ,
        count(*) FILTER (WHERE unpriced) AS unpriced_attempts,
        sum(list_cost) AS list_cost
    FROM (
INCLUDE attempts_priced
    )
    GROUP BY ALL
)
SELECT
    slot, tier, task_type, requested_model, model, shadow_model,
    budget_of(reason) AS budget,
    decision_of(reason, requested_model, sent_model, shadow_model, asked_by) AS decision,
    reason_of(reason) AS reason,
    outcome_of(reason) AS outcome,
    tenth,
    sum(calls)::BIGINT AS calls,
    sum(attempts)::BIGINT AS attempts,
    sum(would_differ)::BIGINT AS would_differ,
    sum(unpriced_attempts)::BIGINT AS unpriced_attempts,
    sum(list_cost) AS list_cost
FROM alike
GROUP BY ALL
