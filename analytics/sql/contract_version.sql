-- Which contract the ledger holds, if any.
SELECT version FROM contract
