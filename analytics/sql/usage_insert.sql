-- The fresh records, each once, in the order of time: that order is what makes "the last days" a cheap question.
INSERT INTO usage BY NAME
SELECT unnest(record)
FROM (
    SELECT record
    FROM unread JOIN fresh ON record.record_id = fresh.record_id AND coalesce(record.revision, 0) = fresh.revision
    WHERE reason IS NULL
    QUALIFY row_number() OVER (PARTITION BY record.record_id ORDER BY segment, byte_offset) = 1
)
ORDER BY record.started_at
