-- The lines that were set aside, as they stood in the spool. One that was cut off had no end.
SELECT segment, byte_offset, line || if(startsWith(reason, 'cut off'), '', char(10)) AS line FROM reject
