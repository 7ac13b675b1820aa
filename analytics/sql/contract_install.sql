-- Replace the ledger's copy of the contract by the staged one.
DELETE FROM contract;
DELETE FROM contract_id;
DELETE FROM discount;
DELETE FROM exchange_rate;

INSERT INTO contract BY NAME
SELECT unnest(from_json_strict(tables->'contract', '[{"version": "VARCHAR", "currency": "VARCHAR"}]'), recursive := true)
FROM staged_contract;

INSERT INTO contract_id BY NAME
SELECT unnest(from_json_strict(tables->'contract_id', '[{
    "platform": "VARCHAR", "id": "VARCHAR", "model": "VARCHAR", "scope": "VARCHAR"}]'), recursive := true)
FROM staged_contract;

INSERT INTO discount BY NAME
SELECT unnest(from_json_strict(tables->'discount', '[{
    "platform": "VARCHAR", "model": "VARCHAR", "service_tier": "VARCHAR",
    "valid_from": "TIMESTAMP", "valid_to": "TIMESTAMP", "multiplier": "DECIMAL(5, 4)"}]'), recursive := true)
FROM staged_contract;

INSERT INTO exchange_rate BY NAME
SELECT unnest(from_json_strict(tables->'exchange_rate', '[{
    "currency": "VARCHAR", "valid_from": "TIMESTAMP", "valid_to": "TIMESTAMP",
    "per_usd": "DECIMAL(12, 6)"}]'), recursive := true)
FROM staged_contract
