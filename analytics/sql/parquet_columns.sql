-- The columns of a Parquet file.
SELECT column_name FROM (DESCRIBE FROM read_parquet($file, hive_partitioning = false))
