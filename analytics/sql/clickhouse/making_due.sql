-- The hours to be made anew, as spans of a day at most: those in which nothing came in for a minute, or with $every all stale ones.
-- Hours between them are made again, too. Of what was pruned the roll-ups stay as they are.
SELECT min(arrival.hour) AS first, max(arrival.hour) + INTERVAL 1 HOUR AS until
FROM (SELECT hour, arrived_at FROM arrival FINAL) AS arrival LEFT JOIN (SELECT hour, made FROM making FINAL) AS shown ON shown.hour = arrival.hour
WHERE arrival.hour >= coalesce((SELECT attempts_from FROM book), arrival.hour) AND (shown.made IS NULL OR arrived_at > shown.made - INTERVAL 1 MINUTE)
    AND ($every OR arrived_at < now64(6, 'UTC') - INTERVAL 1 MINUTE)
GROUP BY toDate(arrival.hour)
ORDER BY first
