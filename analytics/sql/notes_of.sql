-- What is odd about attempts from `first` up to `until`, by the hour, in the shape of the table `hourly_note`.
CREATE OR REPLACE TEMP MACRO notes_of(first, until) AS TABLE
WITH rated AS (
    SELECT line.record_id, date_trunc('hour', line.started_at) AS hour, flags, list_cost, unpriced_reason, table_version, contract_version
    FROM line LEFT JOIN charge ON charge.record_id = line.record_id AND charge.line_number = line.line_number
        AND charge.started_at >= first AND charge.started_at < until
    WHERE line.started_at >= first AND line.started_at < until
)
SELECT hour, 'unpriced' AS kind, coalesce(unpriced_reason, 'not rated') AS name, count(DISTINCT record_id) AS count
FROM rated WHERE list_cost IS NULL GROUP BY ALL
UNION ALL
SELECT hour, 'flag', flag, count(*) FROM (SELECT hour, unnest(flags) AS flag FROM rated) GROUP BY ALL
UNION ALL
SELECT hour, 'version', concat_ws(', contract ', table_version, contract_version), count(*)
FROM rated WHERE table_version IS NOT NULL GROUP BY ALL
