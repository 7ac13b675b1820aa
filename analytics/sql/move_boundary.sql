-- Since when attempts, and their usage objects, are kept.
COPY (SELECT attempts_from, usage_from FROM book) TO $file (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)
