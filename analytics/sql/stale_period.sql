-- The hours whose charges were made anew.
INSERT INTO stale
SELECT DISTINCT date_trunc('hour', started_at) AS hour
FROM line
WHERE started_at >= (SELECT "start" FROM rerated_period) AND started_at < (SELECT until FROM rerated_period)
    AND date_trunc('hour', started_at) NOT IN (SELECT hour FROM stale)
