-- Replace the ledger's copy of the price table by the staged one.
DELETE FROM price_table;
DELETE FROM model;
DELETE FROM model_id;
DELETE FROM price;
DELETE FROM modifier;
DELETE FROM per_use;

INSERT INTO price_table BY NAME
SELECT unnest(from_json_strict(tables->'price_table', '[{"version": "VARCHAR", "checked_on": "DATE"}]'), recursive := true)
FROM staged_prices;

INSERT INTO model BY NAME
SELECT unnest(from_json_strict(tables->'model', '[{"model": "VARCHAR", "name": "VARCHAR", "unpriced": "VARCHAR", "launched": "TIMESTAMP"}]'), recursive := true)
FROM staged_prices;

INSERT INTO model_id BY NAME
SELECT unnest(from_json_strict(tables->'model_id', '[{
    "platform": "VARCHAR", "id": "VARCHAR", "model": "VARCHAR", "scope": "VARCHAR"}]'), recursive := true)
FROM staged_prices;

INSERT INTO price BY NAME
SELECT unnest(from_json_strict(tables->'price', '[{
    "sku_price_id": "VARCHAR", "model": "VARCHAR", "speed": "VARCHAR", "prompt_over": "BIGINT", "prompt_up_to": "BIGINT",
    "valid_from": "TIMESTAMP", "valid_to": "TIMESTAMP", "source": "VARCHAR",
    "input": "DECIMAL(18, 6)", "output": "DECIMAL(18, 6)",
    "cache_write_5m": "DECIMAL(18, 6)", "cache_write_1h": "DECIMAL(18, 6)", "cache_read": "DECIMAL(18, 6)"}]'), recursive := true)
FROM staged_prices;

INSERT INTO modifier BY NAME
SELECT unnest(from_json_strict(tables->'modifier', '[{
    "model": "VARCHAR", "field": "VARCHAR", "value": "VARCHAR", "platform": "VARCHAR", "speed": "VARCHAR",
    "valid_from": "TIMESTAMP", "valid_to": "TIMESTAMP", "multiplier": "DECIMAL(4, 2)"}]'), recursive := true)
FROM staged_prices;

INSERT INTO per_use BY NAME
SELECT unnest(from_json_strict(tables->'per_use', '[{
    "counter": "VARCHAR", "platform": "VARCHAR", "valid_from": "TIMESTAMP", "valid_to": "TIMESTAMP",
    "price": "DECIMAL(18, 9)"}]'), recursive := true)
FROM staged_prices
