-- Keep what was staged of the days of which no newer report is there; those days.
INSERT INTO provider_cost BY NAME
SELECT * EXCLUDE currency, $fetched_at::TIMESTAMP AS fetched_at
FROM staged_provider_cost
WHERE day NOT IN (SELECT day FROM provider_cost)
RETURNING day
