-- Of what is imported, what is not older than what is kept.
CREATE OR REPLACE TEMP TABLE unread AS
SELECT segment, byte_offset, record.record_id AS record_id, record.revision AS revision, line, reason
FROM staged
WHERE reason IS NOT NULL OR record.started_at >= coalesce((SELECT attempts_from FROM book), record.started_at)
