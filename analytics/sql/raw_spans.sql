-- Those hours as runs of hours, within the period.
WITH numbered AS (
    SELECT hour, hour - to_hours(row_number() OVER (ORDER BY hour)) AS island FROM raw_hour
)
SELECT greatest(min(hour), $start::TIMESTAMP) AS first, least(max(hour) + INTERVAL 1 HOUR, $until::TIMESTAMP) AS until
FROM numbered
GROUP BY island
ORDER BY first
