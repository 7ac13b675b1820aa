-- What questions are asked of: the names and columns that a DuckDB ledger has, so that they are the same questions.

CREATE VIEW IF NOT EXISTS usage AS
SELECT
    record_id, call_id, attempt, started_at, duration_ms, time_to_first_token_ms, platform, endpoint, stream,
    requested_model, sent_model, model, max_tokens, task_type, tier, confidence, reason, shadow_model, tags, status,
    error_type, stop_reason, stop_category, content_empty, request_id, message_id, batch_id, custom_id, batch_result_type,
    complete, estimated_output_tokens, usage, region, workspace_id, user_id, key_fingerprint, revision
FROM attempt FINAL;

-- Each column of the lines by itself: of what is named as a whole all is read.
CREATE VIEW IF NOT EXISTS line AS
SELECT
    record_id, lines.line_number AS line_number, started_at, lines.kind AS kind, lines.platform AS platform,
    lines.model AS model, lines.requested_model AS requested_model, lines.input_tokens AS input_tokens,
    lines.cache_write_5m_tokens AS cache_write_5m_tokens, lines.cache_write_1h_tokens AS cache_write_1h_tokens,
    lines.cache_read_input_tokens AS cache_read_input_tokens, lines.output_tokens AS output_tokens,
    lines.web_search_requests AS web_search_requests, lines.service_tier AS service_tier, lines.speed AS speed,
    lines.inference_geo AS inference_geo, lines.scope AS scope, lines.billable AS billable, lines.problem AS problem,
    lines.flags AS flags, lines.active_seconds AS active_seconds
FROM attempt FINAL ARRAY JOIN
    lines.line_number, lines.kind, lines.platform, lines.model, lines.requested_model, lines.input_tokens,
    lines.cache_write_5m_tokens, lines.cache_write_1h_tokens, lines.cache_read_input_tokens, lines.output_tokens,
    lines.web_search_requests, lines.service_tier, lines.speed, lines.inference_geo, lines.scope, lines.billable,
    lines.problem, lines.flags, lines.active_seconds;

CREATE VIEW IF NOT EXISTS charge AS
SELECT
    record_id, lines.line_number AS line_number, started_at, lines.sku_price_id AS sku_price_id,
    lines.table_version AS table_version, lines.multiplier AS multiplier, lines.input_cost AS input_cost,
    lines.output_cost AS output_cost, lines.cache_write_cost AS cache_write_cost,
    lines.cache_read_cost AS cache_read_cost, lines.tool_cost AS tool_cost, lines.list_cost AS list_cost,
    lines.requested_list_cost AS requested_list_cost, lines.uncached_list_cost AS uncached_list_cost,
    lines.unpriced_reason AS unpriced_reason, lines.contracted_cost AS contracted_cost,
    lines.reporting_cost AS reporting_cost, lines.contract_version AS contract_version
FROM attempt FINAL ARRAY JOIN
    lines.line_number, lines.sku_price_id, lines.table_version, lines.multiplier, lines.input_cost, lines.output_cost,
    lines.cache_write_cost, lines.cache_read_cost, lines.tool_cost, lines.list_cost, lines.requested_list_cost,
    lines.uncached_list_cost, lines.unpriced_reason, lines.contracted_cost, lines.reporting_cost,
    lines.contract_version;

-- When an attempt of an hour last came in. A call counts where its last attempt does, so a second attempt also changes the
-- hours before it: the attempts of a call lie within two hours.
CREATE TABLE IF NOT EXISTS arrival (
    hour       DateTime64(6, 'UTC'),
    arrived_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(arrived_at)
ORDER BY hour;

CREATE MATERIALIZED VIEW IF NOT EXISTS arrival_noted TO arrival AS
SELECT arrayJoin(if(later > 1, [first, first - INTERVAL 1 HOUR, first - INTERVAL 2 HOUR], [first])) AS hour, now64(6, 'UTC') AS arrived_at
FROM (SELECT toDateTime64(toStartOfHour(started_at), 6, 'UTC') AS first, max(attempt) AS later FROM attempt GROUP BY first);

-- Attempts by the hour, as `hourly` of a DuckDB ledger: derived. An hour is made anew beside the old one, and then shown.
CREATE TABLE IF NOT EXISTS hourly_made (
    made                DateTime64(6, 'UTC'),
    hour                DateTime64(6, 'UTC'),
    slice               Nullable(DateTime64(6, 'UTC')),
    model               LowCardinality(Nullable(String)),
    requested_model     LowCardinality(Nullable(String)),
    task_type           LowCardinality(Nullable(String)),
    tier                LowCardinality(Nullable(String)),
    platform            LowCardinality(String),
    region              LowCardinality(Nullable(String)),
    workspace_id        LowCardinality(Nullable(String)),
    key_fingerprint     LowCardinality(Nullable(String)),
    status              Nullable(Int32),
    tags                Map(String, Nullable(String)),
    calls               Int64,
    attempts            Int64,
    failed_attempts     Int64,
    fallback_calls      Int64,
    incomplete_attempts Int64,
    open_attempts       Int64,
    batch_items         Int64,
    batch_errored       Int64,
    batch_canceled      Int64,
    batch_expired       Int64,
    unpriced_attempts   Int64,
    unconverted_attempts Int64,
    routing_compared_attempts Int64,
    list_cost           Nullable(Decimal(38, 18)),
    contracted_cost     Nullable(Decimal(38, 18)),
    reporting_cost      Nullable(Decimal(38, 24)),
    requested_list_cost Nullable(Decimal(38, 18)),
    routing_saved       Nullable(Decimal(38, 18)),
    cache_saved         Nullable(Decimal(38, 18)),
    input_tokens        Int64,
    output_tokens       Int64,
    cache_write_tokens  Int64,
    cache_read_tokens   Int64
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, made);

CREATE TABLE IF NOT EXISTS hourly_note_made (
    made  DateTime64(6, 'UTC'),
    hour  DateTime64(6, 'UTC'),
    slice Nullable(DateTime64(6, 'UTC')),
    kind  LowCardinality(String),
    name  String,
    count Int64
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, made);

-- Which making of an hour is the one that is shown.
CREATE TABLE IF NOT EXISTS making (
    hour DateTime64(6, 'UTC'),
    made DateTime64(6, 'UTC')                        -- when it began
)
ENGINE = ReplacingMergeTree(made)
ORDER BY hour;

CREATE VIEW IF NOT EXISTS hourly AS
SELECT * EXCEPT (made) FROM hourly_made WHERE (hour, made) IN (SELECT hour, made FROM making FINAL);

CREATE VIEW IF NOT EXISTS hourly_note AS
SELECT * EXCEPT (made) FROM hourly_note_made WHERE (hour, made) IN (SELECT hour, made FROM making FINAL);

-- Since when attempts, and their usage objects, are kept: the latest of each holds.
CREATE TABLE IF NOT EXISTS boundary (
    attempts_from Nullable(DateTime64(6, 'UTC')),
    usage_from Nullable(DateTime64(6, 'UTC'))
)
ENGINE = MergeTree
ORDER BY tuple();

-- Slices that are read from the attempts, as their hour was not made since the last of them came in. What is inserted is seen
-- only a moment after it says that it arrived.
CREATE VIEW IF NOT EXISTS stale AS
SELECT arrayJoin(arrayMap(part -> hour + toIntervalMinute(5 * part), range(12))) AS slice
FROM arrival FINAL LEFT JOIN (SELECT hour, made FROM making FINAL) AS shown USING (hour)
WHERE (shown.made IS NULL OR arrived_at > shown.made - INTERVAL 1 MINUTE)
    AND hour >= coalesce((SELECT max(attempts_from) FROM boundary), hour);

CREATE TABLE IF NOT EXISTS price_table (
    version String,
    checked_on Date32
)
ENGINE = MergeTree
ORDER BY tuple();

CREATE TABLE IF NOT EXISTS model (
    model String,
    name String,
    unpriced Nullable(String),
    launched Nullable(DateTime64(6, 'UTC'))
)
ENGINE = MergeTree
ORDER BY tuple();

CREATE TABLE IF NOT EXISTS model_id (
    platform String,
    id String,
    model String,
    scope Nullable(String)
)
ENGINE = MergeTree
ORDER BY tuple();

CREATE TABLE IF NOT EXISTS price (
    sku_price_id String,
    model String,
    speed String,
    prompt_over Int64,
    prompt_up_to Int64,
    valid_from DateTime64(6, 'UTC'),
    valid_to DateTime64(6, 'UTC'),
    input Nullable(Decimal(18, 6)),
    output Nullable(Decimal(18, 6)),
    cache_write_5m Nullable(Decimal(18, 6)),
    cache_write_1h Nullable(Decimal(18, 6)),
    cache_read Nullable(Decimal(18, 6)),
    source String
)
ENGINE = MergeTree
ORDER BY tuple();

CREATE TABLE IF NOT EXISTS modifier (
    model String,
    field String,
    value String,
    platform Nullable(String),
    speed Nullable(String),
    valid_from DateTime64(6, 'UTC'),
    valid_to DateTime64(6, 'UTC'),
    multiplier Decimal(4, 2)
)
ENGINE = MergeTree
ORDER BY tuple();

CREATE TABLE IF NOT EXISTS per_use (
    counter String,
    platform String,
    valid_from DateTime64(6, 'UTC'),
    valid_to DateTime64(6, 'UTC'),
    price Decimal(18, 9)
)
ENGINE = MergeTree
ORDER BY tuple();

CREATE TABLE IF NOT EXISTS contract (
    version String,
    currency Nullable(String)
)
ENGINE = MergeTree
ORDER BY tuple();

CREATE TABLE IF NOT EXISTS contract_id (
    platform String,
    id String,
    model String,
    scope String
)
ENGINE = MergeTree
ORDER BY tuple();

CREATE TABLE IF NOT EXISTS discount (
    platform String,
    model String,
    service_tier Nullable(String),
    valid_from DateTime64(6, 'UTC'),
    valid_to DateTime64(6, 'UTC'),
    multiplier Decimal(5, 4)
)
ENGINE = MergeTree
ORDER BY tuple();

CREATE TABLE IF NOT EXISTS exchange_rate (
    currency String,
    valid_from DateTime64(6, 'UTC'),
    valid_to DateTime64(6, 'UTC'),
    per_usd Decimal(12, 6)
)
ENGINE = MergeTree
ORDER BY tuple();

CREATE TABLE IF NOT EXISTS feedback (
    call_id String,
    verdict String,
    note Nullable(String),
    given_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(given_at)
ORDER BY call_id
SETTINGS non_replicated_deduplication_window = 100;

CREATE VIEW IF NOT EXISTS book AS
SELECT CAST(0 AS Int64) AS batches, max(attempts_from) AS attempts_from, max(usage_from) AS usage_from FROM boundary;

-- Every report that was fetched; of a day the newest holds.
CREATE TABLE IF NOT EXISTS provider_cost_item (
    day Date32,
    workspace_id Nullable(String),
    description Nullable(String),
    model Nullable(String),
    cost_type Nullable(String),
    service_tier Nullable(String),
    context_window Nullable(String),
    token_type Nullable(String),
    billed_cost Decimal(38, 18),
    fetched_at DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY day
SETTINGS non_replicated_deduplication_window = 100;

CREATE VIEW IF NOT EXISTS provider_cost AS
SELECT * FROM provider_cost_item
WHERE (day, fetched_at) IN (SELECT day, max(fetched_at) FROM provider_cost_item GROUP BY day);

CREATE TABLE IF NOT EXISTS rerating (
    rerating_id Int32,
    rerated_at DateTime64(6, 'UTC'),
    period_start Nullable(DateTime64(6, 'UTC')),
    period_end Nullable(DateTime64(6, 'UTC')),
    from_versions Array(String),
    to_version String,
    lines_rebuilt Bool
)
ENGINE = MergeTree
ORDER BY tuple()
SETTINGS non_replicated_deduplication_window = 100;

CREATE TABLE IF NOT EXISTS rerating_change (
    rerating_id Int32,
    model Nullable(String),
    cause Nullable(String),
    lines Int64,
    unpriced_before Int64,
    unpriced_after Int64,
    list_cost_before Nullable(Decimal(38, 18)),
    list_cost_after Nullable(Decimal(38, 18)),
    contracted_cost_before Nullable(Decimal(38, 18)),
    contracted_cost_after Nullable(Decimal(38, 18))
)
ENGINE = MergeTree
ORDER BY tuple()
SETTINGS non_replicated_deduplication_window = 100;

-- Who evaluates budgets and sends what there is to tell: of those seen lately, the first.
CREATE TABLE IF NOT EXISTS scheduler (
    machine String,
    since   DateTime64(6, 'UTC'),
    seen_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(seen_at)
ORDER BY machine;

CREATE VIEW IF NOT EXISTS known_id AS
SELECT platform, id, model, scope FROM contract_id
UNION ALL
SELECT platform, id, model, scope FROM model_id WHERE (platform, id) NOT IN (SELECT platform, id FROM contract_id);
