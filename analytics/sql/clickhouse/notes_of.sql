-- What is odd about attempts from $first up to $until, as ../notes_of.sql has it.
WITH rated AS (
    SELECT
        record_id,
        toDateTime64(toStartOfHour(started_at), 6, 'UTC') AS hour,
        if($sliced, toDateTime64(toStartOfFiveMinutes(started_at), 6, 'UTC'), NULL) AS slice,
        one.flags AS flags, one.list_cost AS list_cost, one.unpriced_reason AS unpriced_reason,
        one.table_version AS table_version, one.contract_version AS contract_version
    FROM attempt FINAL ARRAY JOIN lines AS one
    WHERE started_at >= $first::TIMESTAMP AND started_at < $until::TIMESTAMP
)
SELECT hour, slice, 'unpriced' AS kind, coalesce(unpriced_reason, 'not rated') AS name, uniqExact(record_id) AS count
FROM rated WHERE list_cost IS NULL GROUP BY ALL
UNION ALL
SELECT hour, slice, 'flag', flag, count(*) FROM (SELECT hour, slice, arrayJoin(flags) AS flag FROM rated) GROUP BY ALL
UNION ALL
SELECT hour, slice, 'version', table_version || coalesce(', contract ' || contract_version, ''), count(*)
FROM rated WHERE table_version <> '' GROUP BY ALL
