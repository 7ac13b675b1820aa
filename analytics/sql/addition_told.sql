-- Which of the lines that were set aside are records after all.
SELECT coalesce(list(segment), []) AS segments, coalesce(list(byte_offset), []) AS offsets FROM unread WHERE reason IS NULL
