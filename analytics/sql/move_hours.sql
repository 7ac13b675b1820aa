-- The roll-ups of what was pruned, as a shared ledger keeps them: nothing else is left of it.
COPY (
    SELECT (SELECT attempts_from FROM book) AS made, * FROM {table} WHERE hour < (SELECT attempts_from FROM book) ORDER BY ALL
) TO $file (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)
