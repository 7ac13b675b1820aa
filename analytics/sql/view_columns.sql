-- The columns of a view, in its order, and what they mean.
SELECT column_name AS name, data_type AS type, duckdb_columns.comment
FROM duckdb_columns() JOIN duckdb_views() ON view_name = table_name AND duckdb_views.database_name = duckdb_columns.database_name
WHERE duckdb_columns.database_name = current_database() AND view_name = $view AND duckdb_views.comment IS NOT NULL
ORDER BY column_index
