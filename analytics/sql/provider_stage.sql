-- A cost report as one JSON document, for provider_forget.sql and provider_keep.sql.
CREATE OR REPLACE TEMP TABLE staged_provider_cost AS
SELECT unnest(from_json_strict($costs::JSON, '[{
    "day": "DATE", "workspace_id": "VARCHAR", "description": "VARCHAR", "model": "VARCHAR", "cost_type": "VARCHAR",
    "service_tier": "VARCHAR", "context_window": "VARCHAR", "token_type": "VARCHAR", "billed_cost": "DECIMAL(38, 18)",
    "currency": "VARCHAR"}]'), recursive := true)
