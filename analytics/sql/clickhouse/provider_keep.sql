-- Keep what was staged; the days of which it is the newest.
INSERT INTO provider_cost_item
SELECT *, $fetched_at::TIMESTAMP AS fetched_at
FROM staged_provider_cost
WHERE day NOT IN (SELECT day FROM provider_cost_item WHERE fetched_at >= $fetched_at::TIMESTAMP);

SELECT DISTINCT day FROM staged_provider_cost
WHERE day IN (SELECT day FROM provider_cost_item WHERE fetched_at = $fetched_at::TIMESTAMP)
