-- By what a copy of the ledger is known to be one.
SELECT
    (SELECT count(*) FROM usage) AS attempts,
    (SELECT name FROM migration ORDER BY number DESC LIMIT 1) AS last_migration
