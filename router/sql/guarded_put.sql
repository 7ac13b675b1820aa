-- A budget is published.
INSERT INTO guarded VALUES (:name, :definition)
ON CONFLICT (name) DO UPDATE SET definition = excluded.definition
