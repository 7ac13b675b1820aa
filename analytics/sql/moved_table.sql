-- A small table that was extracted takes the place of that of the ledger {ledger}.
DELETE FROM {ledger}.{table};
INSERT INTO {ledger}.{table} BY NAME FROM temp.main.{table}
