-- Views for people that are of one text for both engines, as the tables behind them are.
CREATE VIEW IF NOT EXISTS hours AS
SELECT
    hour, model, requested_model, task_type, tier, platform, region, workspace_id, key_fingerprint, status, tags,
    calls, attempts, failed_attempts, fallback_calls, incomplete_attempts, open_attempts, batch_items,
    unpriced_attempts, list_cost, contracted_cost, reporting_cost, requested_list_cost, routing_saved, cache_saved,
    input_tokens, output_tokens, cache_write_tokens, cache_read_tokens
FROM hourly;

CREATE VIEW IF NOT EXISTS rejects AS
SELECT segment, byte_offset, reason, line FROM reject;
