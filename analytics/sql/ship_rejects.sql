-- The lines of the spool that hold no record.
COPY (
    SELECT $machine AS machine, segment, byte_offset, reason, line FROM staged WHERE reason IS NOT NULL ORDER BY segment, byte_offset
) TO $file (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)
