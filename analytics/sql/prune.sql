-- Let go of what lies before the boundaries in `book`. Roll-ups stay.
DELETE FROM charge WHERE started_at < (SELECT attempts_from FROM book);
DELETE FROM line WHERE started_at < (SELECT attempts_from FROM book);
DELETE FROM usage WHERE started_at < (SELECT attempts_from FROM book);
DELETE FROM feedback WHERE call_id NOT IN (SELECT call_id FROM usage);
UPDATE usage SET usage = NULL WHERE started_at < (SELECT usage_from FROM book) AND usage IS NOT NULL
