-- The lines of every spool that hold no record.
SELECT segment, byte_offset, reason, line FROM reject
