-- The lines that were set aside, as they stood in the spool. One that was cut off had no end.
SELECT segment, byte_offset, line || if(starts_with(reason, 'cut off'), '', chr(10)) AS line FROM reject
