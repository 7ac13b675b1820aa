-- The three estimates: what each holds for the tokens of another tokenizer and for the answers of another model (times), and
-- for the share of reads that still find their cache in a batch. Estimate 0 is what was, and assumes nothing.
CREATE OR REPLACE TEMP TABLE estimate AS
SELECT
    unnest(range(4))::INTEGER AS estimate,
    unnest([1, 1 - $tokens_unsure, 1, 1 + $tokens_unsure])::DECIMAL(18, 9) AS tokens,
    unnest([1, 1 - $answers_unsure, 1, 1 + $answers_unsure])::DECIMAL(18, 9) AS answers,
    unnest([1, $most_found, ($most_found + $least_found) / 2, $least_found])::DECIMAL(18, 9) AS found
