-- The stale hours as runs of hours, one day at most each: what is made anew in one transaction. The newest hour waits, unless
-- $every: more is still to come.
WITH due AS (
    SELECT DISTINCT hour FROM stale WHERE $every OR hour < (SELECT max(hour) FROM stale)
),
numbered AS (
    SELECT hour, hour - to_hours(row_number() OVER (ORDER BY hour)) AS island FROM due
)
SELECT min(hour) AS first, max(hour) + INTERVAL 1 HOUR AS until
FROM numbered
GROUP BY island, date_trunc('day', hour)
ORDER BY first
