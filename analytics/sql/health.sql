-- Whether the figures can be trusted. What is odd is counted by health_notes.sql, the spool by its files.
WITH found AS (
    SELECT hour, attempts FROM hourly ANTI JOIN raw_slice ON raw_slice.slice = coalesce(hourly.slice, hourly.hour)
    UNION ALL
    SELECT hour, attempts FROM recent
)
SELECT
    (SELECT coalesce(sum(attempts), 0)::BIGINT FROM found) AS attempts,
    -- Of what was pruned the hour is known.
    least(
        INCLUDE first_at
        , (SELECT min(hour) FROM found WHERE hour < (SELECT attempts_from FROM book))) AS first_at,
    greatest(
        INCLUDE last_at
        , (SELECT max(hour) FROM found WHERE hour < (SELECT attempts_from FROM book))) AS last_at,
    (SELECT count(*) FROM reject WHERE NOT starts_with(reason, 'cut off')) AS rejected_lines,
    (SELECT count(*) FROM reject WHERE starts_with(reason, 'cut off')) AS cut_lines,
    (SELECT version FROM price_table) AS price_table_version,
    (SELECT version FROM contract) AS contract_version,
    (SELECT checked_on FROM price_table) AS price_table_checked_on
