-- By which rules the lines and charges were made that are here: digests of lines.sql and rate.sql. More than one row, or
-- another than the one in use, means that some rows are older than the rules.
CREATE TABLE rule (
    lines VARCHAR NOT NULL,
    rate  VARCHAR NOT NULL
);

INSERT INTO rule SELECT 'unknown', 'unknown' WHERE EXISTS (FROM line);

-- The audit trail: one row per re-rating that changed the books, and what it changed.
CREATE TABLE rerating (
    rerating_id   INTEGER NOT NULL,
    rerated_at    TIMESTAMP NOT NULL,            -- UTC
    period_start  TIMESTAMP,                     -- NULL: everything; else half-open, in UTC
    period_end    TIMESTAMP,
    from_versions VARCHAR[] NOT NULL,            -- of the price tables that the old charges were made with
    to_version    VARCHAR NOT NULL,
    lines_rebuilt BOOLEAN NOT NULL               -- whether lines.sql had changed, too
);

-- One row per model and cause; a cause of NULL stands for the lines that cost what they did before.
CREATE TABLE rerating_change (
    rerating_id       INTEGER NOT NULL,
    model             VARCHAR,
    cause             VARCHAR,
    lines             BIGINT NOT NULL,
    unpriced_before   BIGINT NOT NULL,
    unpriced_after    BIGINT NOT NULL,
    list_cost_before  DECIMAL(38, 18),           -- USD, of the lines that had a price; NULL if none had
    list_cost_after   DECIMAL(38, 18)
);
