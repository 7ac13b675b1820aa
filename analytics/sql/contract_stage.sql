-- The contract as one JSON document, for contract_install.sql.
CREATE OR REPLACE TEMP TABLE staged_contract AS SELECT $tables::JSON AS tables
