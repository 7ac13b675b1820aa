-- What was tried again and is a record after all.
DELETE FROM reject
WHERE (segment, byte_offset) IN (SELECT (segment, byte_offset) FROM unread WHERE reason IS NULL)
