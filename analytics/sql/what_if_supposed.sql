-- What is supposed, as the lines that rate.sql rates.
CREATE OR REPLACE TEMP TABLE line AS
SELECT
    record_id, line_number, started_at, kind, platform, model, NULL::VARCHAR AS requested_model,
    input_tokens, output_tokens, written_5m AS cache_write_5m_tokens, written_1h AS cache_write_1h_tokens,
    read AS cache_read_input_tokens, web_search_requests, active_seconds,
    service_tier, speed, inference_geo, scope, billable, problem, []::VARCHAR[] AS flags
FROM supposed;

CREATE OR REPLACE TEMP TABLE fresh AS SELECT DISTINCT record_id FROM supposed
