-- Whether the figures can be trusted. Reasons and flags are counted here; the spool is counted by its files.
WITH reasons AS (
    SELECT coalesce(unpriced_reason, 'not rated') AS reason, count(DISTINCT record_id) AS attempts
    FROM line LEFT JOIN charge USING (record_id, line_number)
    WHERE list_cost IS NULL
    GROUP BY reason
),
flags AS (
    SELECT unnest(flags) AS flag, count(*) AS lines FROM line GROUP BY flag
)
SELECT
    (SELECT count(*) FROM usage) AS attempts,
    (SELECT min(started_at) FROM usage) AS first_at,
    (SELECT max(started_at) FROM usage) AS last_at,
    (SELECT count(*) FROM reject) AS rejected_lines,
    (SELECT list({'name': reason, 'count': attempts} ORDER BY attempts DESC, reason) FROM reasons) AS unpriced,
    (SELECT list({'name': flag, 'count': lines} ORDER BY lines DESC, flag) FROM flags) AS flagged,
    (SELECT count(*) FROM charge
        WHERE table_version <> (SELECT version FROM price_table)
            OR contract_version IS DISTINCT FROM (SELECT version FROM contract)) AS outdated_charges,
    (SELECT version FROM price_table) AS price_table_version,
    (SELECT checked_on FROM price_table) AS price_table_checked_on
