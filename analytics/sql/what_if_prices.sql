-- Prices that are supposed: for standard speed and ordinary prompts, whenever. Long ones have a speed of their own by now
-- (what_if_bands.sql).
UPDATE price SET
    input = coalesce(supposed.input, price.input),
    output = coalesce(supposed.output, price.output),
    cache_write_5m = coalesce(supposed.cache_write_5m, price.cache_write_5m),
    cache_write_1h = coalesce(supposed.cache_write_1h, price.cache_write_1h),
    cache_read = coalesce(supposed.cache_read, price.cache_read)
FROM (
    SELECT unnest(from_json($prices::JSON, '[{
        "model": "VARCHAR", "input": "DECIMAL(18, 6)", "output": "DECIMAL(18, 6)",
        "cache_write_5m": "DECIMAL(18, 6)", "cache_write_1h": "DECIMAL(18, 6)", "cache_read": "DECIMAL(18, 6)"}]'), recursive := true)
) AS supposed
WHERE price.model = supposed.model AND price.speed = 'standard'
