-- The same for lines, where lines.sql has changed.
INSERT INTO line_before
SELECT record_id, line_number, hash(line)
FROM line
WHERE started_at >= (SELECT "start" FROM rerated_period) AND started_at < (SELECT until FROM rerated_period);

DELETE FROM line
WHERE started_at >= (SELECT "start" FROM rerated_period) AND started_at < (SELECT until FROM rerated_period)
