-- Which hours these are.
COPY (
    SELECT DISTINCT hour, (SELECT attempts_from FROM book) AS made FROM hourly WHERE hour < (SELECT attempts_from FROM book) ORDER BY ALL
) TO $file (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)
