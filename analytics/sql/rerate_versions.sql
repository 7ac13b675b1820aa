-- With which price tables, and contracts, the old charges were made.
SELECT DISTINCT concat_ws(', contract ', table_version, contract_version) AS version FROM charge_before ORDER BY version
