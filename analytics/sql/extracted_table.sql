-- Rows of a shared ledger as a table of this one, in the types of this one.
CREATE OR REPLACE TEMP TABLE {table} AS FROM memory.main.{table} LIMIT 0;
INSERT INTO {table} BY NAME FROM read_parquet($file)
