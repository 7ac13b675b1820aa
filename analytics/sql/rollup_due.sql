-- What is to be made anew, in turns of at most a day: stale slices by themselves in the last two hours, elsewhere the whole
-- hours that they are in, and hours that are no longer among the last two. The two newest slices wait, unless $every: more is
-- still to come.
WITH newest AS (
    SELECT max(slice) AS slice FROM stale
),
due AS (
    SELECT DISTINCT slice, date_trunc('hour', slice) AS hour
    FROM stale
    WHERE $every OR slice < (SELECT slice FROM newest) - INTERVAL 5 MINUTES
),
whole AS (
    SELECT hour FROM due WHERE $every OR hour < (SELECT date_trunc('hour', slice) FROM newest) - INTERVAL 1 HOUR
    UNION
    SELECT hour FROM hourly WHERE slice IS NULL AND hour IN (SELECT hour FROM due)
    UNION
    SELECT hour FROM hourly
    WHERE slice IS NOT NULL AND ($every OR hour < (SELECT date_trunc('hour', slice) FROM newest) - INTERVAL 1 HOUR)
),
numbered AS (
    SELECT hour AS moment, INTERVAL 1 HOUR AS width, false AS sliced, hour - to_hours(row_number() OVER (ORDER BY hour)) AS island
    FROM whole
    UNION ALL
    SELECT slice, INTERVAL 5 MINUTES, true, slice - to_minutes(5 * row_number() OVER (ORDER BY slice))
    FROM due ANTI JOIN whole USING (hour)
)
SELECT min(moment) AS first, max(moment + width) AS until, sliced
FROM numbered
GROUP BY sliced, island, date_trunc('day', moment)
ORDER BY first
