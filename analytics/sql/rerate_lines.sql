-- The same for lines, where lines.sql has changed. Where the usage object is gone, the lines it made stay.
INSERT INTO line_before
SELECT record_id, line_number, hash(line)
FROM line
WHERE started_at >= (SELECT "start" FROM rerated_period) AND started_at < (SELECT until FROM rerated_period)
    AND started_at >= coalesce((SELECT usage_from FROM book), started_at);

DELETE FROM line
WHERE started_at >= (SELECT "start" FROM rerated_period) AND started_at < (SELECT until FROM rerated_period)
    AND started_at >= coalesce((SELECT usage_from FROM book), started_at)
