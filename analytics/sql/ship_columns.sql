-- The columns of what ship_attempts.sql writes, by their names in ClickHouse, where the fields of `lines` are columns too.
SELECT column_name FROM (DESCRIBE SELECT * EXCLUDE lines FROM read_parquet($file))
UNION ALL
SELECT 'lines.' || column_name FROM (DESCRIBE SELECT unnest(lines, max_depth := 2) FROM read_parquet($file))
