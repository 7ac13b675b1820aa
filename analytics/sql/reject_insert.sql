INSERT INTO reject BY NAME
SELECT segment, byte_offset, reason, line
FROM unread ANTI JOIN reject USING (segment, byte_offset)
WHERE reason IS NOT NULL
