-- What of each model changes how the same text is counted: $percents of tokens, as in router_prices.py, and the least that it
-- caches (NULL: not known, so that anything is).
CREATE OR REPLACE TEMP TABLE tokenizer AS
SELECT unnest($models::VARCHAR[]) AS model, unnest($percents::INTEGER[]) AS percent, unnest($least::BIGINT[]) AS least_cached
