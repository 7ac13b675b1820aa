-- What rate.sql is to price.
CREATE OR REPLACE TEMP TABLE fresh AS SELECT record_id FROM turn
