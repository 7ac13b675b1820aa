-- Tokens at a price per million, with the multiplier of their line: as rate.sql has it, cast wide before it is multiplied.
CREATE OR REPLACE TEMP MACRO cost_at(tokens, usd_per_million, multiplier) AS
    if(tokens = 0, 0, tokens::DECIMAL(38, 0) * (usd_per_million::DECIMAL(25, 6) * '0.000001'::DECIMAL(6, 6)) * multiplier)
