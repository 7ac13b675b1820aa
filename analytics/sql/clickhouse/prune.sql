-- Let go of what lies before the boundaries in `book`. Roll-ups stay. Whole months go at once; the engine takes the rest when it merges.
DELETE FROM attempt WHERE started_at < coalesce((SELECT attempts_from FROM book), toDateTime64('1900-01-01', 6, 'UTC'));
DELETE FROM feedback WHERE call_id NOT IN (SELECT call_id FROM usage);
ALTER TABLE attempt UPDATE usage = NULL
WHERE usage IS NOT NULL AND started_at < coalesce((SELECT usage_from FROM book), toDateTime64('1900-01-01', 6, 'UTC'))
