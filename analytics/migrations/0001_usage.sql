-- Facts: one row per attempt, and how far each segment of the spool was read.
-- No PRIMARY KEY: it makes loading 14 times slower; ingest keeps record ids unique by an anti-join.

CREATE TABLE usage (
    record_id              UUID NOT NULL,
    call_id                VARCHAR NOT NULL,
    attempt                INTEGER NOT NULL,
    started_at             TIMESTAMP NOT NULL,   -- UTC
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
    usage                  JSON                  -- the API's object, verbatim
);

CREATE TABLE segment (
    name      VARCHAR NOT NULL,
    consumed  BIGINT NOT NULL                    -- bytes of whole lines that are in `usage` or in `reject`
);

CREATE TABLE reject (
    segment     VARCHAR NOT NULL,
    byte_offset BIGINT NOT NULL,
    reason      VARCHAR NOT NULL,
    line        VARCHAR NOT NULL
);

-- Which files of migrations/ have been applied here.
CREATE TABLE migration (
    number INTEGER NOT NULL,
    name   VARCHAR NOT NULL
);
