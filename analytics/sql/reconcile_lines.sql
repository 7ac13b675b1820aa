-- What of the charges for the Claude API is no match for the provider's report, by UTC day and workspace: the priority tier,
-- which the report lacks, and lines whose cost is an assumption.
SELECT
    charge_period_start::DATE AS day,
    workspace_id,
    coalesce(sum(contracted_cost) FILTER (WHERE service_tier = 'priority'), 0) AS priority_cost,
    count(*) FILTER (WHERE list_contains(flags, 'not_billed:refusal')) AS refusals,
    count(*) FILTER (WHERE list_contains(flags, 'output_estimated')) AS estimated
FROM charges JOIN usage ON usage.record_id = charges.record_id AND usage.started_at = charge_period_start
WHERE charges.platform = 'anthropic'
    AND charge_period_start >= $start AND charge_period_start < $until
    AND usage.started_at >= $start AND usage.started_at < $until
    AND (service_tier = 'priority' OR list_has_any(flags, ['not_billed:refusal', 'output_estimated']))
GROUP BY day, workspace_id
