-- Of what was staged, what nobody has taken into the ledger since it was read from the spool. What is older than all that
-- is kept cannot be known to be new, as its copies are gone: it is set aside.
CREATE OR REPLACE TEMP TABLE unread AS
SELECT
    segment, byte_offset, record.record_id AS record_id, record.revision AS revision, line,
    CASE
        WHEN reason IS NULL AND record.started_at < (SELECT attempts_from FROM book) THEN 'older than what is kept'
        ELSE reason
    END AS reason
FROM staged
WHERE byte_offset >= coalesce((SELECT max(consumed) FROM segment WHERE segment.name = staged.segment), 0)
