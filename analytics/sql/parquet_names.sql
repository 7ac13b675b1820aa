-- The columns of a Parquet file, and how many rows it has.
SELECT (SELECT list(column_name) FROM (DESCRIBE FROM read_parquet($file))) AS columns, (SELECT count(*) FROM read_parquet($file)) AS rows
