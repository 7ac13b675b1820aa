-- Lines, prices and charges. `line` and `charge` are derived: both can be rebuilt from `usage` and `price`.

-- One row per model that was billed inside one attempt (BILLING: "How they combine").
CREATE TABLE line (
    record_id                UUID NOT NULL,
    line_number              INTEGER NOT NULL,
    started_at               TIMESTAMP NOT NULL,
    kind                     VARCHAR NOT NULL,   -- top_level, or the type of the entry of usage.iterations
    platform                 VARCHAR NOT NULL,
    model                    VARCHAR,            -- as the response says
    requested_model          VARCHAR,
    input_tokens             BIGINT,
    cache_write_5m_tokens    BIGINT,
    cache_write_1h_tokens    BIGINT,
    cache_read_input_tokens  BIGINT,
    output_tokens            BIGINT,
    web_search_requests      BIGINT,
    service_tier             VARCHAR,
    speed                    VARCHAR,
    inference_geo            VARCHAR,
    billable                 BOOLEAN NOT NULL,
    flags                    VARCHAR[] NOT NULL  -- what was assumed or looked wrong
);

-- A copy of pricing.yaml, so that the books can be read without the file. USD per million tokens.
CREATE TABLE price (
    sku_price_id    VARCHAR NOT NULL,            -- model, mode and first day: claude-opus-5-5/standard/2026-09-22
    model           VARCHAR NOT NULL,
    platform        VARCHAR NOT NULL,
    speed           VARCHAR NOT NULL,            -- standard or fast
    prompt_over     BIGINT NOT NULL,             -- the prompt is longer than this ...
    prompt_up_to    BIGINT NOT NULL,             -- ... and at most this many tokens
    valid_from      TIMESTAMP NOT NULL,
    valid_to        TIMESTAMP NOT NULL,          -- exclusive
    input           DECIMAL(18, 6),
    output          DECIMAL(18, 6),
    cache_write_5m  DECIMAL(18, 6),
    cache_write_1h  DECIMAL(18, 6),
    cache_read      DECIMAL(18, 6),
    table_version   VARCHAR NOT NULL
);

-- Every spelling under which a platform names a model.
CREATE TABLE model_id (
    platform VARCHAR NOT NULL,
    id       VARCHAR NOT NULL,
    model    VARCHAR NOT NULL
);

-- One rated line. Cost is NULL with a reason when anything that was used has no price; never zero.
CREATE TABLE charge (
    record_id           UUID NOT NULL,
    line_number         INTEGER NOT NULL,
    started_at          TIMESTAMP NOT NULL,
    sku_price_id        VARCHAR,
    table_version       VARCHAR NOT NULL,
    multiplier          DECIMAL(6, 4),           -- batch, US-only, regional, multiplied
    input_cost          DECIMAL(38, 15),
    output_cost         DECIMAL(38, 15),
    cache_write_cost    DECIMAL(38, 15),
    cache_read_cost     DECIMAL(38, 15),
    tool_cost           DECIMAL(38, 15),
    list_cost           DECIMAL(38, 15),         -- USD; NULL if unpriced
    requested_list_cost DECIMAL(38, 15),         -- the same line on the model that was asked for
    uncached_list_cost  DECIMAL(38, 15),         -- the same line had nothing been cached: writes and reads at the input price
    unpriced_reason     VARCHAR
);
