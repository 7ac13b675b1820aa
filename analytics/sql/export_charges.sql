-- Lines with their charges as Parquet, for other programs: exact decimals.
COPY (
    SELECT line.* REPLACE (line.record_id::VARCHAR AS record_id), charge.* EXCLUDE (record_id, line_number, started_at)
    FROM line JOIN charge USING (record_id, line_number)
    WHERE line.started_at >= $start AND line.started_at < $until AND charge.started_at >= $start AND charge.started_at < $until
) TO $file (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)
