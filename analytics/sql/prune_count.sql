-- What pruning would take away: attempts with what belongs to them, and the usage objects of others.
SELECT
    (SELECT count(*) FROM usage WHERE started_at < $attempts_from::TIMESTAMP) AS attempts,
    (SELECT count(*) FROM line WHERE started_at < $attempts_from::TIMESTAMP) AS lines,
    (
        SELECT count(*) FROM usage
        WHERE started_at < $usage_from::TIMESTAMP AND usage IS NOT NULL
            AND ($attempts_from::TIMESTAMP IS NULL OR started_at >= $attempts_from::TIMESTAMP)
    ) AS usage_objects
