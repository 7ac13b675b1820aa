-- How much of the ledger's file is free for new rows.
SELECT free_blocks * block_size AS bytes FROM pragma_database_size() WHERE database_name = current_database()
