-- The hours of a period that its roll-ups cannot answer for: stale ones, those that the period cuts, and all of them if users
-- are asked for. What was pruned has roll-ups only.
CREATE OR REPLACE TEMP TABLE raw_hour AS
SELECT DISTINCT hour
FROM (
    FROM stale
    UNION ALL
    SELECT date_trunc('hour', edge) FROM unnest([$start::TIMESTAMP, $until::TIMESTAMP]) AS cut(edge)
    WHERE date_trunc('hour', edge) <> edge
    UNION ALL
    SELECT hour FROM hourly WHERE $by_user
)
WHERE hour > $start::TIMESTAMP - INTERVAL 1 HOUR AND hour < $until::TIMESTAMP
    AND hour >= coalesce((SELECT attempts_from FROM book), hour)
