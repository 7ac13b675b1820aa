-- What became of the lines of one batch.
SELECT
    fresh.records AS added,
    count(*) FILTER (WHERE reason IS NULL) - fresh.records AS duplicates,
    count(*) FILTER (WHERE reason IS NOT NULL) AS damaged
FROM (SELECT count(*) AS records FROM fresh) AS fresh
LEFT JOIN unread ON true
GROUP BY fresh.records
