-- The attempts' table as the engine writes it, which says how long what is kept; and what the book says of it.
SELECT create_table_query AS text FROM system.tables WHERE database = currentDatabase() AND name = 'attempt'
