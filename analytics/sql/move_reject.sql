-- The lines of the spool that hold no record.
COPY (SELECT $machine AS machine, * FROM reject ORDER BY ALL) TO $file (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)
