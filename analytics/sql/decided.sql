-- The attempts of a period by what was decided on them and why, as the temporary table `decided`: small, so that each question
-- about it is quick. $cuts: moments that part the period; a slot is numbered by the one that it begins with.
CREATE OR REPLACE TEMP TABLE decided AS
WITH money AS (
    SELECT record_id, bool_or(list_cost IS NULL) AS unpriced, sum(list_cost) AS list_cost
    FROM charge
    WHERE started_at >= $start AND started_at < $until
    GROUP BY record_id
),
attempt AS (
    SELECT
        *,
        -- In shadow the reason is that of the decision which was not followed.
        regexp_replace(reason, '^shadow: ', '') AS because,
        regexp_extract(because, '^budget (.*) is spent: ', 1) AS spent_budget
    FROM attempts_of(
        $start::TIMESTAMP, $until::TIMESTAMP, $models::VARCHAR[], $task_types::VARCHAR[], $tag_keys::VARCHAR[], $tag_values::VARCHAR[],
        $within::VARCHAR[], $within_values::VARCHAR[][])
)
SELECT
    len(list_filter($cuts::TIMESTAMP[], lambda cut: cut <= started_at)) - 1 AS slot,
    tier, task_type, requested_model, model, shadow_model,
    nullif(spent_budget, '') AS budget,
    CASE
        WHEN coalesce(tags['tollgate'] = 'second_opinion', false) THEN 'second_opinion'
        WHEN reason IS NULL THEN 'undecided'
        WHEN starts_with(reason, 'back to the model named') THEN 'taken_back'
        WHEN shadow_model IS NOT NULL THEN 'shadow'
        WHEN spent_budget <> '' THEN 'budget'
        WHEN starts_with(reason, 'pinned') THEN 'pinned'
        WHEN requested_model = 'auto' THEN 'left_open'
        WHEN sent_model <> requested_model THEN 'stepped_down'
        ELSE 'kept'
    END AS decision,
    -- `coding (0.83, before analysis 0.05); up from haiku`: what comes first, and what comes of it.
    trim(regexp_extract(if(spent_budget = '', because, because[length('budget ' || spent_budget || ' is spent: ') + 1:]), '^[^(;:,]*')) AS reason,
    nullif(trim(regexp_extract(because, ';([^;:]*)[^;]*$', 1)), '') AS outcome,
    CASE WHEN confidence >= 0 THEN least(floor(confidence * 10), 9) / 10 END AS confidence,
    count(*) FILTER (WHERE attempt = 1) AS calls,
    count(*) AS attempts,
    count(*) FILTER (WHERE attempt = 1 AND shadow_model <> model) AS would_differ,
    count(*) FILTER (WHERE unpriced) AS unpriced_attempts,
    -- What used nothing cost nothing.
    sum(if(money.record_id IS NULL, 0, list_cost)) AS list_cost
FROM attempt LEFT JOIN money USING (record_id)
GROUP BY ALL
