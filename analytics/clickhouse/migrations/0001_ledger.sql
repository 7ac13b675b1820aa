-- One row per revision and rating of an attempt, with its lines and charges: what is inserted together is seen together. Of one
-- record_id the highest version holds. Lines and charges are one for one, so they share one list.
CREATE TABLE IF NOT EXISTS attempt (
    record_id              UUID,
    version                UInt64,                   -- revision * 2^40 + the second in which it was rated
    machine                LowCardinality(String),   -- which sent it
    rules                  LowCardinality(String),   -- of which texts of lines.sql and rate.sql its lines and charges are made
    call_id                String,
    attempt                Int32,
    started_at             DateTime64(6, 'UTC'),
    duration_ms            Nullable(Float64),
    time_to_first_token_ms Nullable(Float64),
    platform               LowCardinality(String),
    endpoint               LowCardinality(String),
    stream                 Bool,
    requested_model        LowCardinality(Nullable(String)),
    sent_model             LowCardinality(Nullable(String)),
    model                  LowCardinality(Nullable(String)),
    max_tokens             Nullable(Int64),
    task_type              LowCardinality(Nullable(String)),
    tier                   LowCardinality(Nullable(String)),
    confidence             Nullable(Float64),
    reason                 LowCardinality(Nullable(String)),
    shadow_model           LowCardinality(Nullable(String)),
    tags                   Map(String, Nullable(String)),
    status                 Nullable(Int32),
    error_type             LowCardinality(Nullable(String)),
    stop_reason            LowCardinality(Nullable(String)),
    stop_category          LowCardinality(Nullable(String)),
    content_empty          Nullable(Bool),
    request_id             Nullable(String),
    message_id             Nullable(String),
    batch_id               Nullable(String),
    custom_id              Nullable(String),
    batch_result_type      LowCardinality(Nullable(String)),
    complete               Bool,
    estimated_output_tokens Nullable(Int64),
    usage                  Nullable(String) CODEC(ZSTD(3)),  -- the API's object, verbatim
    region                 LowCardinality(Nullable(String)),
    workspace_id           LowCardinality(Nullable(String)),
    user_id                Nullable(String),
    key_fingerprint        LowCardinality(Nullable(String)),
    revision               Nullable(Int64),
    lines Nested (
        line_number           Int32,
        kind                  LowCardinality(String),
        platform              LowCardinality(String),
        model                 LowCardinality(Nullable(String)),
        requested_model       LowCardinality(Nullable(String)),
        input_tokens          Nullable(Int64),
        cache_write_5m_tokens Nullable(Int64),
        cache_write_1h_tokens Nullable(Int64),
        cache_read_input_tokens Nullable(Int64),
        output_tokens         Nullable(Int64),
        web_search_requests   Nullable(Int64),
        service_tier          LowCardinality(String),
        speed                 LowCardinality(String),
        inference_geo         LowCardinality(String),
        scope                 LowCardinality(String),
        billable              Bool,
        problem               LowCardinality(Nullable(String)),
        flags                 Array(String),
        active_seconds        Nullable(Decimal(18, 3)),
        sku_price_id          LowCardinality(Nullable(String)),
        table_version         LowCardinality(String),
        multiplier            Nullable(Decimal(12, 6)),
        input_cost            Nullable(Decimal(38, 18)),
        output_cost           Nullable(Decimal(38, 18)),
        cache_write_cost      Nullable(Decimal(38, 18)),
        cache_read_cost       Nullable(Decimal(38, 18)),
        tool_cost             Nullable(Decimal(38, 18)),
        list_cost             Nullable(Decimal(38, 18)),
        requested_list_cost   Nullable(Decimal(38, 18)),
        uncached_list_cost    Nullable(Decimal(38, 18)),
        unpriced_reason       LowCardinality(Nullable(String)),
        contracted_cost       Nullable(Decimal(38, 18)),
        reporting_cost        Nullable(Decimal(38, 24)),
        contract_version      LowCardinality(Nullable(String))
    )
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(started_at)
ORDER BY (toStartOfHour(started_at), record_id)
SETTINGS non_replicated_deduplication_window = 10000, merge_with_ttl_timeout = 86400;  -- keeping.py: a month is not rewritten more than once a day

-- Lines of a spool that hold no record, with the reason.
CREATE TABLE IF NOT EXISTS reject (
    machine     LowCardinality(String),
    segment     String,
    byte_offset Int64,
    reason      String,
    line        String
)
ENGINE = ReplacingMergeTree
ORDER BY (machine, segment, byte_offset)
SETTINGS non_replicated_deduplication_window = 10000;

-- Which files of migrations/ have been applied here.
CREATE TABLE IF NOT EXISTS migration (
    number Int32,
    name   String
)
ENGINE = ReplacingMergeTree
ORDER BY number;
