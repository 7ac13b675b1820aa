-- What routing decided, and what it saved: one row per group of calls, or one with all of them if $whole. A call belongs to the
-- group of its last attempt, so that the rows add up. A row of `turn`, of routing_bundles.sql, stands for several attempts if each
-- is a call of its own; `charge` has the lines of routing_lines.sql.
WITH what_if AS (  -- one row per attempt
    SELECT
        record_id,
        if(count(*) FILTER (WHERE scenario = 1 AND list_cost IS NULL) = 0, sum(list_cost) FILTER (WHERE scenario = 1), NULL) AS requested_cost,
        if(count(*) FILTER (WHERE scenario = 2 AND list_cost IS NULL) = 0, sum(list_cost) FILTER (WHERE scenario = 2), NULL) AS opus_cost,
        if(count(*) FILTER (WHERE scenario = 3 AND list_cost IS NULL) = 0, sum(list_cost) FILTER (WHERE scenario = 3), NULL) AS shadow_cost
    FROM (SELECT record_id, line_number % 4 AS scenario, list_cost FROM charge)
    GROUP BY record_id
),
attempt AS (
    SELECT
        turn.*,
        -- Both sides of a comparison, or neither. Without routing nobody would ask for a second opinion (router/second_opinion.py).
        if(ours, 0, if(as_requested, turn.list_cost, if(turn.list_cost IS NULL, NULL, requested_cost))) AS requested_cost,
        if(ours, 0, if(as_opus, turn.list_cost, if(turn.list_cost IS NULL, NULL, opus_cost))) AS opus_cost,
        if(turn.list_cost IS NULL, NULL, shadow_cost) AS shadow_cost
    FROM turn
    LEFT JOIN what_if USING (record_id)
),
call AS (
    SELECT
        call_id,
        arg_max(members, attempt) AS members,
        max(attempts) AS calls,
        CASE
            WHEN bool_or(ours) THEN 'second_opinion'
            -- The reason of a decision changes within a call only where it was taken back.
            WHEN starts_with(arg_max(reason, attempt), 'back to the model named') AND min(reason) <> max(reason) THEN 'taken_back'
            WHEN count(reason) = 0 THEN 'undecided'
            WHEN count(shadow_model) > 0 THEN 'shadow'
            WHEN bool_or(starts_with(reason, 'pinned')) THEN 'pinned'
            WHEN any_value(requested_model) = 'auto' THEN 'left_open'
            WHEN arg_min_null(sent_model, attempt) <> any_value(requested_model) THEN 'stepped_down'
            ELSE 'kept'
        END AS decision,
        decision <> 'taken_back' AND min(sent_model) <> max(sent_model) AND arg_max(succeeded, attempt) AS fell_back,
        coalesce(sum(attempts) FILTER (WHERE unpriced), 0) AS unpriced_attempts,
        sum(known_cost) AS list_cost,
        sum(same_tokens_cost) FILTER (WHERE requested_cost IS NOT NULL) AS same_tokens_cost,
        sum(requested_cost) AS requested_cost,
        sum(requested_cost - list_cost) AS saved,
        count(requested_cost) = count(*) AS compared,
        sum(opus_cost) AS opus_cost,
        sum(opus_cost - list_cost) AS saved_against_opus,
        count(opus_cost) = count(*) AS compared_with_opus,
        sum(shadow_cost) AS shadow_cost,
        sum(list_cost - shadow_cost) AS shadow_would_save,
        sum(cold_switches) AS cold_switches,
        sum(cold_tokens) AS cold_tokens,
        sum(shadow_cold_tokens) FILTER (WHERE shadow_cost IS NOT NULL) AS shadow_cold_tokens
    FROM attempt
    GROUP BY call_id
)
SELECT
    if($whole, [], members) AS members,
    sum(calls)::BIGINT AS calls,
    coalesce(sum(calls) FILTER (WHERE decision = 'kept'), 0)::BIGINT AS kept,
    coalesce(sum(calls) FILTER (WHERE decision = 'stepped_down'), 0)::BIGINT AS stepped_down,
    coalesce(sum(calls) FILTER (WHERE decision = 'left_open'), 0)::BIGINT AS left_open,
    coalesce(sum(calls) FILTER (WHERE decision = 'pinned'), 0)::BIGINT AS pinned,
    coalesce(sum(calls) FILTER (WHERE decision = 'shadow'), 0)::BIGINT AS shadow,
    coalesce(sum(calls) FILTER (WHERE decision = 'taken_back'), 0)::BIGINT AS taken_back,
    coalesce(sum(calls) FILTER (WHERE decision = 'undecided'), 0)::BIGINT AS undecided,
    coalesce(sum(calls) FILTER (WHERE decision = 'second_opinion'), 0)::BIGINT AS second_opinions,
    coalesce(sum(calls) FILTER (WHERE fell_back), 0)::BIGINT AS fallbacks,
    sum(unpriced_attempts)::BIGINT AS unpriced_attempts,
    sum(list_cost) AS list_cost,
    sum(same_tokens_cost) AS same_tokens_cost,
    sum(requested_cost) AS requested_cost,
    sum(saved) AS saved,
    coalesce(sum(calls) FILTER (WHERE compared), 0)::BIGINT AS compared_calls,
    sum(opus_cost) AS opus_cost,
    sum(saved_against_opus) AS saved_against_opus,
    coalesce(sum(calls) FILTER (WHERE compared_with_opus), 0)::BIGINT AS compared_with_opus,
    sum(shadow_cost) AS shadow_cost,
    sum(shadow_would_save) AS shadow_would_save,
    sum(cold_switches)::BIGINT AS cold_switches,
    sum(cold_tokens)::BIGINT AS cold_tokens,
    coalesce(sum(shadow_cold_tokens), 0)::BIGINT AS shadow_cold_tokens,
    coalesce(sum(calls) FILTER (WHERE verdict = 'good'), 0)::BIGINT AS good,
    coalesce(sum(calls) FILTER (WHERE verdict = 'bad'), 0)::BIGINT AS bad
FROM call LEFT JOIN feedback USING (call_id)
GROUP BY ALL
ORDER BY list_cost DESC NULLS LAST, members
