-- What the provider bills by UTC day and workspace. Code execution is in no response, so that only the report knows it.
SELECT
    day,
    workspace_id,
    sum(billed_cost) AS billed_cost,
    coalesce(sum(billed_cost) FILTER (WHERE cost_type = 'code_execution'), 0) AS code_execution_cost,
    min(fetched_at) AS fetched_at
FROM provider_cost
WHERE day >= $first::DATE AND day < $until::DATE
GROUP BY day, workspace_id
ORDER BY day, workspace_id
