-- The first staged row that lacks what every attempt has.
SELECT byte_offset AS row_number
FROM staged
WHERE record.record_id IS NULL OR record.call_id IS NULL OR record.attempt IS NULL OR record.started_at IS NULL
    OR record.platform IS NULL OR record.endpoint IS NULL OR record.stream IS NULL OR record.tags IS NULL OR record.complete IS NULL
ORDER BY byte_offset
LIMIT 1
