-- What is odd about attempts from $first up to $until, by the hour, in the shape of the table `hourly_note`; with $sliced
-- also by slices.
WITH rated AS (
    SELECT
        line.record_id, date_trunc('hour', line.started_at) AS hour,
        if($sliced, time_bucket(INTERVAL 5 MINUTES, line.started_at), NULL) AS slice, flags, list_cost, unpriced_reason, table_version, contract_version
    FROM line LEFT JOIN charge ON charge.record_id = line.record_id AND charge.line_number = line.line_number
        AND charge.started_at >= $first::TIMESTAMP AND charge.started_at < $until::TIMESTAMP
    WHERE line.started_at >= $first::TIMESTAMP AND line.started_at < $until::TIMESTAMP
)
SELECT hour, slice, 'unpriced' AS kind, coalesce(unpriced_reason, 'not rated') AS name, count(DISTINCT record_id) AS count
FROM rated WHERE list_cost IS NULL GROUP BY ALL
UNION ALL
SELECT hour, slice, 'flag', flag, count(*) FROM (SELECT hour, slice, unnest(flags) AS flag FROM rated) GROUP BY ALL
UNION ALL
SELECT hour, slice, 'version', table_version || coalesce(', contract ' || contract_version, ''), count(*)
FROM rated WHERE table_version IS NOT NULL GROUP BY ALL
