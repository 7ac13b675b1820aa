-- What is to be inserted, and then rated: the record ids that the ledger does not have, or has with a lower revision.
CREATE OR REPLACE TEMP TABLE fresh AS
WITH offered AS (
    SELECT DISTINCT record_id, coalesce(revision, 0) AS revision FROM unread WHERE reason IS NULL
),
known AS (
    SELECT record_id, coalesce(revision, 0) AS known_revision FROM usage SEMI JOIN offered USING (record_id)
)
SELECT record_id, max(revision) AS revision, count(*) AS revisions, count(known_revision) > 0 AS superseding
FROM offered LEFT JOIN known USING (record_id)
WHERE revision > coalesce(known_revision, -1)
GROUP BY record_id
