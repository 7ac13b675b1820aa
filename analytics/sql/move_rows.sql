-- A small table as Parquet, in one order: the same rows are the same bytes.
COPY (SELECT * FROM {table} ORDER BY ALL) TO $file (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)
