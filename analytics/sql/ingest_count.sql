-- What became of the lines of one batch.
SELECT
    fresh.added,
    fresh.revisions - fresh.added AS revised,
    count(*) FILTER (WHERE reason IS NULL) - fresh.revisions AS duplicates,
    count(*) FILTER (WHERE reason IS NOT NULL) AS damaged
FROM (
    SELECT count(*) FILTER (WHERE NOT superseding) AS added, coalesce(sum(revisions), 0)::BIGINT AS revisions FROM fresh
) AS fresh
LEFT JOIN unread ON true
GROUP BY fresh.added, fresh.revisions
