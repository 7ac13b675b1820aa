-- How many tokens a tokenizer makes of the same text, at its ratio to the one that counted.
CREATE OR REPLACE TEMP MACRO as_on(tokens, ratio) AS round(tokens * ratio)::BIGINT
