-- The months of a period, and how many attempts of it each has.
SELECT date_trunc('month', started_at)::TIMESTAMP AS month, count(*) AS attempts
FROM usage
WHERE started_at >= $start AND started_at < $until
GROUP BY ALL
ORDER BY month
