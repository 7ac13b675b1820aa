-- Of what was staged, what nobody has taken into the ledger since it was read from its $source: the spool, the rejects, or an
-- export. What is older than all that is kept cannot be known to be new, as its copies are gone: of the spool it is set aside,
-- of an export left out.
CREATE OR REPLACE TEMP TABLE unread AS
WITH old AS (
    SELECT attempts_from AS before FROM book
)
SELECT
    segment, byte_offset, record.record_id AS record_id, record.revision AS revision, line,
    if(reason IS NULL AND record.started_at < before, 'older than what is kept', reason) AS reason
FROM staged CROSS JOIN old
WHERE CASE $source
    WHEN 'spool' THEN byte_offset >= coalesce((SELECT max(consumed) FROM segment WHERE segment.name = staged.segment), 0)
    WHEN 'rejects' THEN (segment, byte_offset) IN (SELECT (segment, byte_offset) FROM reject)
    WHEN 'export' THEN coalesce(record.started_at >= before, true)
END
