-- Whether the figures can be trusted. Reasons and flags are counted here; the spool is counted by its files.
WITH note AS (
    SELECT kind, name, sum(count)::BIGINT AS count
    FROM (FROM hourly_note ANTI JOIN raw_slice ON raw_slice.slice = coalesce(hourly_note.slice, hourly_note.hour) UNION ALL BY NAME FROM recent_note)
    GROUP BY kind, name
),
attempt AS (
    FROM (SELECT hour, attempts FROM hourly ANTI JOIN raw_slice ON raw_slice.slice = coalesce(hourly.slice, hourly.hour) UNION ALL SELECT hour, attempts FROM recent)
)
SELECT
    (SELECT coalesce(sum(attempts), 0)::BIGINT FROM attempt) AS attempts,
    -- Of what was pruned the hour is known.
    least((SELECT min(started_at) FROM usage), (SELECT min(hour) FROM attempt WHERE hour < (SELECT attempts_from FROM book))) AS first_at,
    greatest((SELECT max(started_at) FROM usage), (SELECT max(hour) FROM attempt WHERE hour < (SELECT attempts_from FROM book))) AS last_at,
    (SELECT count(*) FROM reject WHERE NOT starts_with(reason, 'cut off')) AS rejected_lines,
    (SELECT count(*) FROM reject WHERE starts_with(reason, 'cut off')) AS cut_lines,
    (SELECT list({'name': name, 'count': count} ORDER BY count DESC, name) FROM note WHERE kind = 'unpriced') AS unpriced,
    (SELECT list({'name': name, 'count': count} ORDER BY count DESC, name) FROM note WHERE kind = 'flag') AS flagged,
    (SELECT coalesce(sum(count), 0)::BIGINT FROM note
        WHERE kind = 'version'
            AND name <> concat_ws(', contract ', (SELECT version FROM price_table), (SELECT version FROM contract))) AS outdated_charges,
    (SELECT version FROM price_table) AS price_table_version,
    (SELECT checked_on FROM price_table) AS price_table_checked_on
