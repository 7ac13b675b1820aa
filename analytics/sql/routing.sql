-- What routing decided, and what it saved: one row per group of calls; $dimensions says what makes a group (none: all are one).
-- A call belongs to the group of its last attempt, so that the rows add up. `turn` and `charge` are those of routing_turns.sql
-- and routing_lines.sql.
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
        list_transform($dimensions::VARCHAR[], lambda dimension: member_of(
            dimension, started_at, usage.model, usage.requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)) AS members,
        turn.*,
        -- Both sides of a comparison, or neither. Without routing nobody would ask for a second opinion (router/second_opinion.py).
        coalesce(tags['tollgate'] = 'second_opinion', false) AS for_routing,
        if(for_routing, 0, if(as_requested, turn.list_cost, if(turn.list_cost IS NULL, NULL, requested_cost))) AS requested_cost,
        if(for_routing, 0, if(as_opus, turn.list_cost, if(turn.list_cost IS NULL, NULL, opus_cost))) AS opus_cost,
        if(turn.list_cost IS NULL, NULL, shadow_cost) AS shadow_cost
    FROM turn
    JOIN usage USING (record_id)
    LEFT JOIN what_if USING (record_id)
),
call AS (
    SELECT
        call_id,
        arg_max(members, attempt) AS members,
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
        count(*) FILTER (WHERE unpriced) AS unpriced_attempts,
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
        count(*) FILTER (WHERE cold_tokens > 0) AS cold_switches,
        sum(cold_tokens) AS cold_tokens,
        sum(shadow_cold_tokens) FILTER (WHERE shadow_cost IS NOT NULL) AS shadow_cold_tokens
    FROM attempt
    GROUP BY call_id
)
SELECT
    members,
    count(*) AS calls,
    count(*) FILTER (WHERE decision = 'kept') AS kept,
    count(*) FILTER (WHERE decision = 'stepped_down') AS stepped_down,
    count(*) FILTER (WHERE decision = 'left_open') AS left_open,
    count(*) FILTER (WHERE decision = 'pinned') AS pinned,
    count(*) FILTER (WHERE decision = 'shadow') AS shadow,
    count(*) FILTER (WHERE decision = 'taken_back') AS taken_back,
    count(*) FILTER (WHERE decision = 'undecided') AS undecided,
    count(*) FILTER (WHERE decision = 'second_opinion') AS second_opinions,
    count(*) FILTER (WHERE fell_back) AS fallbacks,
    sum(unpriced_attempts)::BIGINT AS unpriced_attempts,
    sum(list_cost) AS list_cost,
    sum(same_tokens_cost) AS same_tokens_cost,
    sum(requested_cost) AS requested_cost,
    sum(saved) AS saved,
    count(*) FILTER (WHERE compared) AS compared_calls,
    sum(opus_cost) AS opus_cost,
    sum(saved_against_opus) AS saved_against_opus,
    count(*) FILTER (WHERE compared_with_opus) AS compared_with_opus,
    sum(shadow_cost) AS shadow_cost,
    sum(shadow_would_save) AS shadow_would_save,
    sum(cold_switches)::BIGINT AS cold_switches,
    sum(cold_tokens)::BIGINT AS cold_tokens,
    coalesce(sum(shadow_cold_tokens), 0)::BIGINT AS shadow_cold_tokens,
    count(*) FILTER (WHERE verdict = 'good') AS good,
    count(*) FILTER (WHERE verdict = 'bad') AS bad
FROM call LEFT JOIN feedback USING (call_id)
GROUP BY members
ORDER BY list_cost DESC NULLS LAST, members
