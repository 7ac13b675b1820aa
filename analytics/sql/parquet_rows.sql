-- How many rows a Parquet file has.
SELECT count(*) AS attempts FROM read_parquet($file)
