-- What the ledger is called by whoever has it open.
SELECT current_database() AS name
