-- What a ledger needs that grows: how far back it reaches, roll-ups by the hour, and the API's usage objects kept small.

-- One row.
CREATE TABLE book (
    batches       BIGINT NOT NULL,               -- taken in so far; a ledger from a backup has fewer than its spool has seen
    attempts_from TIMESTAMP,                     -- what began before is pruned, and only `hourly` has it; NULL: nothing is
    usage_from    TIMESTAMP                      -- what began before has lost its usage object; NULL: nothing has
);

INSERT INTO book VALUES (0, NULL, NULL);

-- Attempts by the hour in which they began and what reports group by: derived, but what was pruned is nowhere else.
-- Everything is a sum, so that hours add up to days, and groups to totals.
CREATE TABLE hourly (
    hour                TIMESTAMP NOT NULL,      -- UTC
    slice               TIMESTAMP,               -- five minutes of it, while it is young; NULL: all of it
    model               VARCHAR,
    requested_model     VARCHAR,
    task_type           VARCHAR,
    tier                VARCHAR,
    platform            VARCHAR NOT NULL,
    region              VARCHAR,
    workspace_id        VARCHAR,
    key_fingerprint     VARCHAR,
    status              INTEGER,
    tags                MAP(VARCHAR, VARCHAR) NOT NULL,
    calls               BIGINT NOT NULL,         -- a call counts where its last attempt does
    attempts            BIGINT NOT NULL,
    failed_attempts     BIGINT NOT NULL,
    fallback_calls      BIGINT NOT NULL,
    incomplete_attempts BIGINT NOT NULL,
    open_attempts       BIGINT NOT NULL,
    batch_items         BIGINT NOT NULL,
    batch_errored       BIGINT NOT NULL,
    batch_canceled      BIGINT NOT NULL,
    batch_expired       BIGINT NOT NULL,
    unpriced_attempts   BIGINT NOT NULL,
    unconverted_attempts BIGINT NOT NULL,        -- with a contracted cost, and no rate for the reporting currency
    routing_compared_attempts BIGINT NOT NULL,
    list_cost           DECIMAL(38, 18),         -- NULL here and below: of no attempt was it known
    contracted_cost     DECIMAL(38, 18),
    reporting_cost      DECIMAL(38, 24),
    requested_list_cost DECIMAL(38, 18),
    routing_saved       DECIMAL(38, 18),
    cache_saved         DECIMAL(38, 18),
    input_tokens        BIGINT NOT NULL,
    output_tokens       BIGINT NOT NULL,
    cache_write_tokens  BIGINT NOT NULL,
    cache_read_tokens   BIGINT NOT NULL
);

-- What is odd about them: `unpriced` counts attempts by the reason why they have no cost, `flag` lines by what was assumed, and
-- `version` charges by the price table and the contract that they were made with.
CREATE TABLE hourly_note (
    hour  TIMESTAMP NOT NULL,
    slice TIMESTAMP,
    kind  VARCHAR NOT NULL,
    name  VARCHAR NOT NULL,
    count BIGINT NOT NULL
);

-- Slices, of five minutes, whose rows in `hourly` and `hourly_note` are missing or no longer true: they are read from the
-- attempts until they are made anew.
CREATE TABLE stale (
    slice TIMESTAMP NOT NULL
);

INSERT INTO stale SELECT DISTINCT time_bucket(INTERVAL 5 MINUTES, started_at) FROM usage;

-- zstd makes less than half of the usage objects, which are most of a ledger.
CREATE TABLE smaller (
    record_id              UUID NOT NULL,
    call_id                VARCHAR NOT NULL,
    attempt                INTEGER NOT NULL,
    started_at             TIMESTAMP NOT NULL,
    duration_ms            DOUBLE,
    time_to_first_token_ms DOUBLE,
    platform               VARCHAR NOT NULL,
    endpoint               VARCHAR NOT NULL,
    stream                 BOOLEAN NOT NULL,
    requested_model        VARCHAR,
    sent_model             VARCHAR,
    model                  VARCHAR,
    max_tokens             BIGINT,
    task_type              VARCHAR,
    tier                   VARCHAR,
    confidence             DOUBLE,
    reason                 VARCHAR,
    shadow_model           VARCHAR,
    tags                   MAP(VARCHAR, VARCHAR) NOT NULL,
    status                 INTEGER,
    error_type             VARCHAR,
    stop_reason            VARCHAR,
    stop_category          VARCHAR,
    content_empty          BOOLEAN,
    request_id             VARCHAR,
    message_id             VARCHAR,
    batch_id               VARCHAR,
    custom_id              VARCHAR,
    batch_result_type      VARCHAR,
    complete               BOOLEAN NOT NULL,
    estimated_output_tokens BIGINT,
    usage                  JSON USING COMPRESSION zstd,
    region                 VARCHAR,
    workspace_id           VARCHAR,
    user_id                VARCHAR,
    key_fingerprint        VARCHAR,
    revision               BIGINT
);
INSERT INTO smaller BY NAME FROM usage ORDER BY started_at;
DROP TABLE usage;
ALTER TABLE smaller RENAME TO usage;
