-- A cost report as one JSON document, for provider_keep.sql.
CREATE OR REPLACE TEMP TABLE staged_provider_cost AS
SELECT item.1 AS day, item.2 AS workspace_id, item.3 AS description, item.4 AS model, item.5 AS cost_type, item.6 AS service_tier,
    item.7 AS context_window, item.8 AS token_type, toDecimal128(item.9, 18) AS billed_cost
FROM (SELECT arrayJoin(JSONExtract($costs::VARCHAR, 'Array(Tuple(
    day Date32, workspace_id Nullable(String), description Nullable(String), model Nullable(String), cost_type Nullable(String),
    service_tier Nullable(String), context_window Nullable(String), token_type Nullable(String), billed_cost String))')) AS item)
