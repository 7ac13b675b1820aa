-- How many charges were made with another price table or contract than these.
SELECT count(*) AS charges
FROM charge
WHERE table_version <> $table_version OR contract_version IS DISTINCT FROM $contract_version::VARCHAR
