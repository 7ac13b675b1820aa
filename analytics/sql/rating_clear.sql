-- Forget every line and charge, and mark every attempt as fresh: rating then makes them anew.
DELETE FROM charge;
DELETE FROM line;
CREATE OR REPLACE TEMP TABLE fresh AS SELECT record_id FROM usage
