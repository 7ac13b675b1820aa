-- The slices of a period that its roll-ups cannot answer for: stale ones, those of hours that are cut, as by its own ends, and
-- all of them if users are asked for. Of an hour that is rolled up as a whole it is all slices or none. What was pruned has roll-ups only.
CREATE OR REPLACE TEMP TABLE raw_slice AS
WITH cut AS (
    -- What comes after everything there is cuts nothing.
    SELECT DISTINCT date_trunc('hour', moment) AS hour
    FROM (SELECT unnest($cuts::TIMESTAMP[]) AS moment)
    WHERE date_trunc('hour', moment) <> moment
        AND moment < greatest(
            (SELECT max(slice) FROM stale) + INTERVAL 5 MINUTES,
            (SELECT max(coalesce(slice + INTERVAL 5 MINUTES, hour + INTERVAL 1 HOUR)) FROM hourly WHERE hour = (SELECT max(hour) FROM hourly)))
    UNION
    SELECT hour FROM hourly WHERE $by_user
),
entire AS (
    FROM cut
    UNION
    SELECT hour FROM hourly WHERE slice IS NULL AND hour IN (SELECT date_trunc('hour', slice) FROM stale)
),
found AS (
    SELECT slice FROM stale
    UNION
    SELECT hour + to_minutes(5 * unnest(range(12))::INTEGER) FROM entire
)
FROM found
WHERE slice > $start::TIMESTAMP - INTERVAL 1 HOUR AND slice < $until::TIMESTAMP
    AND slice >= coalesce((SELECT attempts_from FROM book), slice)
