-- Those slices as runs of slices, within the period.
WITH numbered AS (
    SELECT slice, slice - to_minutes(5 * row_number() OVER (ORDER BY slice)) AS island FROM raw_slice
)
SELECT greatest(min(slice), $start::TIMESTAMP) AS first, least(max(slice) + INTERVAL 5 MINUTES, $until::TIMESTAMP) AS until
FROM numbered
GROUP BY island
HAVING first < until
ORDER BY first
