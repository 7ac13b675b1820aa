-- Old and new charges side by side: one row per model and cause. The first cause that holds is named; no cause, no change.
WITH new_charge AS NOT MATERIALIZED (  -- asked twice: a copy of every charge would cost more
    SELECT *, hash(input_cost, output_cost, cache_write_cost, cache_read_cost) AS token_costs
    FROM charge
    WHERE started_at >= (SELECT "start" FROM rerated_period) AND started_at < (SELECT until FROM rerated_period)
),
changed_line AS (
    SELECT line.record_id, line.line_number
    FROM line_before JOIN line USING (record_id, line_number)
    WHERE hash(line) <> digest
),
compared AS (
    SELECT
        record_id, line_number, new_charge.sku_price_id,
        charge_before.list_cost AS list_cost_before, new_charge.list_cost AS list_cost_after,
        charge_before.contracted_cost AS contracted_cost_before, new_charge.contracted_cost AS contracted_cost_after,
        CASE
            WHEN charge_before.record_id IS NULL THEN 'new line'
            WHEN charge_before.list_cost IS NULL AND new_charge.list_cost IS NOT NULL THEN 'newly priced'
            WHEN charge_before.list_cost IS NOT NULL AND new_charge.list_cost IS NULL THEN 'no longer priced'
            WHEN charge_before.sku_price_id IS DISTINCT FROM new_charge.sku_price_id THEN 'price row'
            WHEN charge_before.multiplier IS DISTINCT FROM new_charge.multiplier THEN 'modifier'
            WHEN charge_before.token_costs <> new_charge.token_costs THEN 'price'
            WHEN charge_before.tool_cost IS DISTINCT FROM new_charge.tool_cost THEN 'fee'
            WHEN charge_before.contracted_cost IS DISTINCT FROM new_charge.contracted_cost
                OR charge_before.reporting_cost IS DISTINCT FROM new_charge.reporting_cost THEN 'contract'
            WHEN charge_before.unpriced_reason IS DISTINCT FROM new_charge.unpriced_reason THEN 'reason'
            WHEN charge_before.requested_list_cost IS DISTINCT FROM new_charge.requested_list_cost
                THEN 'price of the requested model'
        END AS difference,
        -- With the same tables, only the rules can have made a difference.
        charge_before.table_version = new_charge.table_version
            AND charge_before.contract_version IS NOT DISTINCT FROM new_charge.contract_version AS same_tables
    FROM new_charge LEFT JOIN charge_before USING (record_id, line_number)
),
caused AS (
    SELECT
        *,
        if(difference <> 'new line' AND (same_tables OR changed_line.record_id IS NOT NULL), 'rule', difference) AS cause
    FROM compared LEFT JOIN changed_line USING (record_id, line_number)
    UNION ALL BY NAME
    SELECT
        record_id, line_number, sku_price_id, list_cost AS list_cost_before, NULL AS list_cost_after,
        contracted_cost AS contracted_cost_before, NULL AS contracted_cost_after, 'line gone' AS cause
    FROM charge_before ANTI JOIN new_charge USING (record_id, line_number)
),
counted AS (
    -- The price row names the model; only where there is none the line is asked.
    SELECT
        split_part(sku_price_id, '/', 1) AS priced_model,
        if(sku_price_id IS NULL, record_id, NULL) AS record_id,
        if(sku_price_id IS NULL, line_number, NULL) AS line_number,
        cause,
        count(*) AS lines,
        count(*) FILTER (WHERE list_cost_before IS NULL AND cause IS DISTINCT FROM 'new line') AS unpriced_before,
        count(*) FILTER (WHERE list_cost_after IS NULL AND cause IS DISTINCT FROM 'line gone') AS unpriced_after,
        sum(list_cost_before) AS list_cost_before,
        sum(list_cost_after) AS list_cost_after,
        sum(contracted_cost_before) AS contracted_cost_before,
        sum(contracted_cost_after) AS contracted_cost_after
    FROM caused
    GROUP BY ALL
)
SELECT
    coalesce(priced_model, line.model) AS model,
    cause,
    sum(lines)::BIGINT AS lines,
    sum(unpriced_before)::BIGINT AS unpriced_before,
    sum(unpriced_after)::BIGINT AS unpriced_after,
    sum(counted.list_cost_before) AS list_cost_before,
    sum(counted.list_cost_after) AS list_cost_after,
    sum(counted.contracted_cost_before) AS contracted_cost_before,
    sum(counted.contracted_cost_after) AS contracted_cost_after
FROM counted
LEFT JOIN line USING (record_id, line_number)
GROUP BY ALL
ORDER BY model NULLS LAST, cause NULLS FIRST
