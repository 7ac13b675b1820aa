-- What people may ask in SQL: the views that say what they are. Others are ours, and may change.
SELECT view_name AS name, comment FROM duckdb_views()
WHERE database_name = current_database() AND NOT internal AND comment IS NOT NULL
ORDER BY view_name
