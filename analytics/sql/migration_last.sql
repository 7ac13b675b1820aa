-- The last migration that this file has seen.
SELECT number, name FROM migration ORDER BY number DESC LIMIT 1
