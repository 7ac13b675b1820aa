-- Every budget.
SELECT name, definition FROM guarded ORDER BY name
