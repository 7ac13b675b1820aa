-- Lines, prices and charges. `line` and `charge` are derived: both can be rebuilt from `usage` and the tables of prices.

-- One row per model that was billed inside one attempt (BILLING: "How they combine").
CREATE TABLE line (
    record_id                UUID NOT NULL,
    line_number              INTEGER NOT NULL,
    started_at               TIMESTAMP NOT NULL,
    kind                     VARCHAR NOT NULL,   -- top_level, or the type of the entry of usage.iterations
    platform                 VARCHAR NOT NULL,
    model                    VARCHAR,            -- the id that is priced
    requested_model          VARCHAR,
    input_tokens             BIGINT,             -- NULL here and below: not a count, see `problem`
    cache_write_5m_tokens    BIGINT,
    cache_write_1h_tokens    BIGINT,
    cache_read_input_tokens  BIGINT,
    output_tokens            BIGINT,
    web_search_requests      BIGINT,
    service_tier             VARCHAR NOT NULL,
    speed                    VARCHAR NOT NULL,
    inference_geo            VARCHAR NOT NULL,
    scope                    VARCHAR NOT NULL,   -- of the endpoint: global or regional, unless the id says it
    billable                 BOOLEAN NOT NULL,
    problem                  VARCHAR,            -- why it cannot be rated, whatever the prices
    flags                    VARCHAR[] NOT NULL  -- what was assumed or looked wrong
);

-- A copy of pricing.yaml, so that the books can be read without the file. Intervals are half-open, in UTC.
CREATE TABLE price_table (
    version    VARCHAR NOT NULL,
    checked_on DATE NOT NULL
);

CREATE TABLE model (
    model    VARCHAR NOT NULL,
    name     VARCHAR NOT NULL,
    unpriced VARCHAR                             -- why it has no rows in `price`
);

-- Every spelling under which a platform names a model.
CREATE TABLE model_id (
    platform VARCHAR NOT NULL,
    id       VARCHAR NOT NULL,
    model    VARCHAR NOT NULL,
    scope    VARCHAR                             -- where the id itself says it, as Bedrock's do
);

-- USD per million tokens. For one model, speed, prompt length and moment at most one row holds.
CREATE TABLE price (
    sku_price_id    VARCHAR NOT NULL,            -- model, speed, first day: claude-opus-5-5/standard/2026-09-22
    model           VARCHAR NOT NULL,
    speed           VARCHAR NOT NULL,            -- standard or fast
    prompt_over     BIGINT NOT NULL,             -- the prompt is longer than this ...
    prompt_up_to    BIGINT NOT NULL,             -- ... and at most this many tokens
    valid_from      TIMESTAMP NOT NULL,
    valid_to        TIMESTAMP NOT NULL,
    input           DECIMAL(18, 6),
    output          DECIMAL(18, 6),
    cache_write_5m  DECIMAL(18, 6),
    cache_write_1h  DECIMAL(18, 6),
    cache_read      DECIMAL(18, 6),
    source          VARCHAR NOT NULL
);

-- What a value of service_tier, inference_geo or scope does to a model's token prices; a missing row is unpriced.
CREATE TABLE modifier (
    model      VARCHAR NOT NULL,
    field      VARCHAR NOT NULL,
    value      VARCHAR NOT NULL,
    platform   VARCHAR,                          -- NULL: on every one
    speed      VARCHAR,                          -- NULL: at every one
    valid_from TIMESTAMP NOT NULL,
    valid_to   TIMESTAMP NOT NULL,
    multiplier DECIMAL(4, 2) NOT NULL
);

-- USD by the piece.
CREATE TABLE per_use (
    counter    VARCHAR NOT NULL,
    platform   VARCHAR NOT NULL,
    valid_from TIMESTAMP NOT NULL,
    valid_to   TIMESTAMP NOT NULL,
    price      DECIMAL(18, 9) NOT NULL
);

-- One rated line. list_cost is NULL with a reason when anything that was used has no price; it is zero only for what
-- is not billed. 18 decimals: 6 of the price, 6 of the multiplier, 6 of the million.
CREATE TABLE charge (
    record_id           UUID NOT NULL,
    line_number         INTEGER NOT NULL,
    started_at          TIMESTAMP NOT NULL,
    sku_price_id        VARCHAR,
    table_version       VARCHAR NOT NULL,
    multiplier          DECIMAL(12, 6),          -- batch, US-only, regional, multiplied
    input_cost          DECIMAL(38, 18),
    output_cost         DECIMAL(38, 18),
    cache_write_cost    DECIMAL(38, 18),
    cache_read_cost     DECIMAL(38, 18),
    tool_cost           DECIMAL(38, 18),
    list_cost           DECIMAL(38, 18),         -- USD; NULL if unpriced
    requested_list_cost DECIMAL(38, 18),         -- the same line on the model that was asked for
    uncached_list_cost  DECIMAL(38, 18),         -- the same line had nothing been cached: writes and reads at the input price
    unpriced_reason     VARCHAR
);
