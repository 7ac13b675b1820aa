-- Some rows of an export, staged as stage.sql does lines. A struct is cast by the names of its fields: a column that an older
-- export lacks is NULL, one that nobody knows is left out.
CREATE OR REPLACE TEMP TABLE staged AS
SELECT
    $file AS segment,
    file_row_number AS byte_offset,
    CAST(exported AS STRUCT(
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
        region VARCHAR, workspace_id VARCHAR, user_id VARCHAR, key_fingerprint VARCHAR, revision BIGINT)) AS record,
    NULL::VARCHAR AS reason,
    NULL::VARCHAR AS line
FROM read_parquet($file, file_row_number = true, hive_partitioning = false) AS exported
WHERE file_row_number >= $first AND file_row_number < $until
