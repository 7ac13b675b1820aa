-- The attempts of one call as `fresh`, for receipt.sql.
CREATE OR REPLACE TEMP TABLE fresh AS SELECT record_id FROM usage WHERE call_id = $call_id
