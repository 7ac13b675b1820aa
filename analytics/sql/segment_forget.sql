-- A segment that is gone does not come back: names are never reused.
DELETE FROM segment WHERE list_contains($names::VARCHAR[], name)
