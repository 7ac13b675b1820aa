-- The slices whose charges were made anew.
INSERT INTO stale
SELECT DISTINCT time_bucket(INTERVAL 5 MINUTES, started_at) AS slice
FROM line ANTI JOIN stale ON stale.slice = time_bucket(INTERVAL 5 MINUTES, line.started_at)
WHERE started_at >= (SELECT "start" FROM rerated_period) AND started_at < (SELECT until FROM rerated_period)
