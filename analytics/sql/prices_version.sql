-- Which price table the ledger holds.
SELECT version FROM price_table
