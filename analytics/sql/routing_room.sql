-- Room for lines that never were: as temporary tables these stand before the ledger's own, so that rate.sql prices them.
CREATE OR REPLACE TEMP TABLE charge AS FROM charge LIMIT 0;
CREATE OR REPLACE TEMP TABLE fresh AS SELECT DISTINCT record_id FROM turn;
