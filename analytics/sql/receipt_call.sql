-- Calls that are asked about, as attempts that were answered: $calls is a JSON list of objects.
INSERT INTO usage BY NAME
SELECT
    * REPLACE (
        CASE WHEN usage IS NOT NULL THEN coalesce(TRY_CAST(usage AS JSON), '"not JSON"'::JSON) END AS usage),
    record_id::VARCHAR AS call_id, 1 AS attempt, false AS stream, model AS requested_model, model AS sent_model,
    MAP {}::MAP(VARCHAR, VARCHAR) AS tags, 200 AS status, true AS complete
FROM (SELECT unnest(from_json_strict($calls::JSON, '[{
    "record_id": "UUID", "started_at": "TIMESTAMP", "platform": "VARCHAR", "endpoint": "VARCHAR", "model": "VARCHAR",
    "stop_reason": "VARCHAR", "stop_category": "VARCHAR", "content_empty": "BOOLEAN",
    "batch_result_type": "VARCHAR", "usage": "VARCHAR"}]'), recursive := true))
