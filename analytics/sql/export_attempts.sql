-- Attempts as Parquet. Ids and the API's usage as text: not every program that reads Parquet knows UUID and JSON.
COPY (
    SELECT * REPLACE (record_id::VARCHAR AS record_id, usage::VARCHAR AS usage)
    FROM usage
    WHERE started_at >= $start AND started_at < $until
) TO $file (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)
