-- Parse lines of the spool: one row per line, with its record or the reason why it holds none.
-- Two steps, because each alone is too kind. json_transform turns a value that does not fit into NULL without a word, so
-- it only picks the fields apart, as text; the cast from text to the types of `usage` fails on what does not fit.
CREATE OR REPLACE TEMP TABLE staged AS
WITH line AS (
    SELECT unnest($segments::VARCHAR[]) AS segment, unnest($offsets::BIGINT[]) AS byte_offset, unnest($lines::VARCHAR[]) AS line
),
parsed AS (
    SELECT *, TRY_CAST(line AS JSON) AS document FROM line
),
picked AS (
    SELECT
        * EXCLUDE document,
        CASE WHEN json_type(document) = 'OBJECT' THEN json_transform(document, '{
            "record_id": "VARCHAR", "call_id": "VARCHAR", "attempt": "VARCHAR", "started_at": "VARCHAR",
            "duration_ms": "VARCHAR", "time_to_first_token_ms": "VARCHAR",
            "platform": "VARCHAR", "endpoint": "VARCHAR", "stream": "VARCHAR",
            "requested_model": "VARCHAR", "sent_model": "VARCHAR", "model": "VARCHAR", "max_tokens": "VARCHAR",
            "task_type": "VARCHAR", "tier": "VARCHAR", "confidence": "VARCHAR", "reason": "VARCHAR",
            "shadow_model": "VARCHAR", "tags": "JSON",
            "status": "VARCHAR", "error_type": "VARCHAR", "stop_reason": "VARCHAR", "stop_category": "VARCHAR",
            "content_empty": "VARCHAR", "request_id": "VARCHAR", "message_id": "VARCHAR",
            "batch_id": "VARCHAR", "custom_id": "VARCHAR", "batch_result_type": "VARCHAR",
            "complete": "VARCHAR", "estimated_output_tokens": "VARCHAR", "usage": "JSON",
            "region": "VARCHAR", "workspace_id": "VARCHAR", "user_id": "VARCHAR", "key_fingerprint": "VARCHAR",
            "revision": "VARCHAR"}')
        END AS fields
    FROM parsed
),
cast_all AS (
    SELECT *, TRY(CAST(fields AS STRUCT(
        record_id UUID, call_id VARCHAR, attempt INTEGER, started_at TIMESTAMP,
        duration_ms DOUBLE, time_to_first_token_ms DOUBLE,
        platform VARCHAR, endpoint VARCHAR, stream BOOLEAN,
        requested_model VARCHAR, sent_model VARCHAR, model VARCHAR, max_tokens BIGINT,
        task_type VARCHAR, tier VARCHAR, confidence DOUBLE, reason VARCHAR,
        shadow_model VARCHAR, tags MAP(VARCHAR, VARCHAR),
        status INTEGER, error_type VARCHAR, stop_reason VARCHAR, stop_category VARCHAR,
        content_empty BOOLEAN, request_id VARCHAR, message_id VARCHAR,
        batch_id VARCHAR, custom_id VARCHAR, batch_result_type VARCHAR,
        complete BOOLEAN, estimated_output_tokens BIGINT, usage JSON,
        region VARCHAR, workspace_id VARCHAR, user_id VARCHAR, key_fingerprint VARCHAR, revision BIGINT))) AS record
    FROM picked
)
SELECT
    segment,
    byte_offset,
    record,
    CASE
        WHEN fields IS NULL AND NOT ends_with(line, chr(10)) THEN 'cut off: its writer died in the middle of it'
        WHEN fields IS NULL THEN 'not a JSON object'
        WHEN record IS NULL THEN 'a value of the wrong type'
        WHEN record.record_id IS NULL THEN 'no record_id'
        WHEN record.call_id IS NULL THEN 'no call_id'
        WHEN record.attempt IS NULL THEN 'no attempt'
        WHEN record.started_at IS NULL THEN 'no started_at'
        WHEN record.platform IS NULL THEN 'no platform'
        WHEN record.endpoint IS NULL THEN 'no endpoint'
        WHEN record.stream IS NULL THEN 'no stream'
        WHEN record.tags IS NULL THEN 'no tags'
        WHEN record.complete IS NULL THEN 'no complete'
    END AS reason,
    rtrim(left(line, 1048576), chr(10)) AS line
FROM cast_all
