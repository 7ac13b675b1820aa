-- The attempts of a period by what was decided on them and why, as the temporary table `decided`: small, so that each question
-- about it is quick. $cuts: moments that part the period; a slot is numbered by the one that it begins with. decision_of.sql
-- goes first; what it reads out of reasons is read once for all attempts that are alike.
CREATE OR REPLACE TEMP TABLE decided AS
WITH more AS (  -- hardly any attempt has a second line: grouping all of them would take as long as the rest together
    SELECT record_id, bool_or(list_cost IS NULL) AS unpriced, sum(list_cost) AS list_cost
    FROM charge WHERE started_at >= $start AND started_at < $until AND line_number > 1
    GROUP BY record_id
),
money AS (
    SELECT
        first.record_id,
        first.list_cost IS NULL OR coalesce(more.unpriced, false) AS unpriced,
        if(first.list_cost IS NULL, more.list_cost, first.list_cost + coalesce(more.list_cost, 0)) AS list_cost
    FROM charge AS first LEFT JOIN more USING (record_id)
    WHERE started_at >= $start AND started_at < $until AND line_number = 1
),
alike AS (
    SELECT
        len(list_filter($cuts::TIMESTAMP[], lambda cut: cut <= started_at)) - 1 AS slot,
        tier, task_type, requested_model, sent_model, model, shadow_model, reason, tags['tollgate'] AS asked_by,
        tenth_of(confidence) AS confidence,
        count(*) FILTER (WHERE attempt = 1) AS calls,
        count(*) AS attempts,
        count(*) FILTER (WHERE attempt = 1 AND shadow_model <> model) AS would_differ,
        count(*) FILTER (WHERE unpriced) AS unpriced_attempts,
        -- What used nothing cost nothing.
        sum(if(money.record_id IS NULL, 0, list_cost)) AS list_cost
    FROM attempts_of(
        $start::TIMESTAMP, $until::TIMESTAMP, $models::VARCHAR[], $task_types::VARCHAR[], $tag_keys::VARCHAR[], $tag_values::VARCHAR[],
        $within::VARCHAR[], $within_values::VARCHAR[][])
    LEFT JOIN money USING (record_id)
    GROUP BY ALL
)
SELECT
    slot, tier, task_type, requested_model, model, shadow_model,
    budget_of(reason) AS budget,
    decision_of(reason, requested_model, sent_model, shadow_model, map {'tollgate': asked_by}) AS decision,
    reason_of(reason) AS reason,
    outcome_of(reason) AS outcome,
    confidence,
    sum(calls)::BIGINT AS calls,
    sum(attempts)::BIGINT AS attempts,
    sum(would_differ)::BIGINT AS would_differ,
    sum(unpriced_attempts)::BIGINT AS unpriced_attempts,
    sum(list_cost) AS list_cost
FROM alike
GROUP BY ALL
