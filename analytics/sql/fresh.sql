-- The record ids that the ledger does not have yet: what is to be inserted, and then rated.
CREATE OR REPLACE TEMP TABLE fresh AS
SELECT DISTINCT record.record_id AS record_id
FROM unread
WHERE reason IS NULL AND record.record_id NOT IN (SELECT record_id FROM usage)
