-- Of the rejects that are tried again, what nobody has taken into the ledger meanwhile.
CREATE OR REPLACE TEMP TABLE unread AS
SELECT
    segment, byte_offset, record.record_id AS record_id, record.revision AS revision, line,
    CASE
        WHEN reason IS NULL AND record.started_at < (SELECT attempts_from FROM book) THEN 'older than what is kept'
        ELSE reason
    END AS reason
FROM staged SEMI JOIN reject USING (segment, byte_offset)
