-- A budget is no more.
DELETE FROM guarded WHERE name = :name
