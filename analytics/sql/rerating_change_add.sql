-- What the re-rating that was put on record last changed.
INSERT INTO rerating_change BY NAME
SELECT (SELECT max(rerating_id) FROM rerating) AS rerating_id, unnest(from_json_strict($changes::JSON, '[{
    "model": "VARCHAR", "cause": "VARCHAR", "lines": "BIGINT", "unpriced_before": "BIGINT", "unpriced_after": "BIGINT",
    "list_cost_before": "DECIMAL(38, 18)", "list_cost_after": "DECIMAL(38, 18)",
    "contracted_cost_before": "DECIMAL(38, 18)", "contracted_cost_after": "DECIMAL(38, 18)"}]'), recursive := true)
