-- The lengths at which a price or a cache becomes another, for any model that is priced and each that calls may move to, in
-- tokens of those that count fewer and of those that count more. Between two of them all lines are alike:
-- a price changes above its length, and a cache begins at its own.
CREATE OR REPLACE TEMP TABLE length_limit AS
WITH long AS (
    SELECT model, prompt_over FROM band
    UNION
    SELECT unnest($models::VARCHAR[]), unnest($overs::BIGINT[])  -- of the price table that is supposed
),
ratio AS (
    SELECT DISTINCT ceil(1000000 * tokens * target.percent / served.percent)::BIGINT AS millionths, target.model
    FROM tokenizer AS target, (SELECT DISTINCT percent FROM tokenizer) AS served, estimate
    WHERE list_contains($targets::VARCHAR[], target.model)
)
SELECT prompt_over AS tokens, true AS of_prompt FROM long
UNION
SELECT prompt_over * 1000000 // millionths, true FROM ratio JOIN long USING (model)
UNION
SELECT (least_cached * 1000000 - 1) // millionths, false FROM ratio JOIN tokenizer USING (model) WHERE least_cached IS NOT NULL
