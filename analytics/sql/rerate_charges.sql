-- Keep what the old charges said, for comparison, and take them out of the books: rate.sql then makes them anew.
CREATE OR REPLACE TEMP TABLE fresh AS
SELECT record_id
FROM usage
WHERE started_at >= (SELECT "start" FROM rerated_period) AND started_at < (SELECT until FROM rerated_period);

CREATE OR REPLACE TEMP TABLE charge_before AS
SELECT
    record_id, line_number, table_version, contract_version, sku_price_id, multiplier, list_cost, tool_cost, unpriced_reason,
    hash(input_cost, output_cost, cache_write_cost, cache_read_cost) AS token_costs,
    requested_list_cost, contracted_cost, reporting_cost
FROM charge
WHERE started_at >= (SELECT "start" FROM rerated_period) AND started_at < (SELECT until FROM rerated_period);

DELETE FROM charge
WHERE started_at >= (SELECT "start" FROM rerated_period) AND started_at < (SELECT until FROM rerated_period);

CREATE OR REPLACE TEMP TABLE line_before (record_id UUID, line_number INTEGER, digest UBIGINT)
