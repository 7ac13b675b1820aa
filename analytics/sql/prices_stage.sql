-- The price table as one JSON document, for prices_install.sql.
CREATE OR REPLACE TEMP TABLE staged_prices AS SELECT $tables::JSON AS tables
