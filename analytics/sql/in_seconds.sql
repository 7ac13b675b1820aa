-- Milliseconds in seconds, to whole microseconds: the last digits of a duration are noise.
CREATE OR REPLACE TEMP MACRO in_seconds(milliseconds) AS
    floor(milliseconds * 1000 + 0.5)::BIGINT::DECIMAL(18, 0) * '0.000001'::DECIMAL(6, 6)
