-- No cache is followed.
CREATE OR REPLACE TEMP TABLE turn (
    record_id UUID, line_number INTEGER, cold BIGINT, never_cold BIGINT, repeated BIGINT, lapsed BIGINT, unsure BIGINT)
