-- The bundles of `portion` as attempts, as the temporary table `turn`, which routing.sql makes calls of.
CREATE OR REPLACE TEMP TABLE turn AS
WITH bundle AS (
    SELECT
        record_id, members, coalesce(call_id, record_id::VARCHAR) AS call_id, attempt, attempts,
        requested_model, served_model, sent_model, shadow_model, reason, succeeded, ours,
        lines IS NULL AS nothing_used,
        lines > 1 AS several,
        bool_or(priceless) AS some_priceless,
        sum(list_cost) AS priced,
        if(count(requested_list_cost) = count(*), sum(requested_list_cost), NULL) AS asked_price,
        sum(cold_tokens)::BIGINT AS cold_tokens,
        sum(cold_switches)::BIGINT AS cold_switches,
        sum(shadow_cold_tokens)::BIGINT AS shadow_cold_tokens
    FROM portion
    GROUP BY ALL
)
SELECT
    record_id, members, call_id, attempt, attempts, requested_model, sent_model, shadow_model, reason, succeeded, ours,
    NOT nothing_used AND some_priceless AS unpriced,
    if(nothing_used, 0, priced) AS known_cost,
    if(unpriced, NULL, known_cost) AS list_cost,
    if(nothing_used OR ours, 0, asked_price) AS same_tokens_cost,
    cold_tokens, cold_switches, shadow_cold_tokens,
    -- As it was is as it would have been: nothing to price.
    coalesce(nothing_used OR ours OR (served_model = requested_model AND NOT several AND cold_tokens = 0), false) AS as_requested,
    coalesce(nothing_used OR ours OR (served_model = $opus AND NOT several AND cold_tokens = 0), false) AS as_opus
FROM bundle
