-- What pruning would take away: attempts with what belongs to them, and the usage objects of others.
SELECT
    (SELECT count(*) FROM usage WHERE started_at < $attempts_from) AS attempts,
    (SELECT count(*) FROM line WHERE started_at < $attempts_from) AS lines,
    (
        SELECT count(*) FROM usage
        WHERE started_at >= coalesce($attempts_from, '-infinity'::TIMESTAMP) AND started_at < $usage_from AND usage IS NOT NULL
    ) AS usage_objects
