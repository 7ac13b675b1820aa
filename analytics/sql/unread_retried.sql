-- Of the rejects that are tried again, what nobody has taken into the ledger meanwhile.
CREATE OR REPLACE TEMP TABLE unread AS
SELECT * REPLACE (
    CASE
        WHEN reason IS NULL AND record.started_at < (SELECT attempts_from FROM book) THEN 'older than what is kept'
        ELSE reason
    END AS reason)
FROM staged SEMI JOIN reject USING (segment, byte_offset)
