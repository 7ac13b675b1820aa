-- The staged records as a `usage` of their own, which lines.sql and rate.sql then work on: as temporary tables these stand
-- before those of the database. Of records with one id the highest revision alone can be fresh.
CREATE OR REPLACE TEMP TABLE usage AS
SELECT unnest(record)
FROM staged
WHERE rowid IN (
    SELECT arg_max(rowid, coalesce(record.revision, 0) * 1000000000 - rowid) FROM staged WHERE reason IS NULL GROUP BY record.record_id)
ORDER BY record.started_at;

CREATE OR REPLACE TEMP TABLE line AS FROM line LIMIT 0;
CREATE OR REPLACE TEMP TABLE charge AS FROM charge LIMIT 0;
CREATE OR REPLACE TEMP TABLE fresh AS SELECT record_id FROM usage;
