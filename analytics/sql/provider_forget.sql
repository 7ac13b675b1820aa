-- Let go of what an older report said of the staged days.
DELETE FROM provider_cost
WHERE day IN (SELECT day FROM staged_provider_cost) AND fetched_at <= $fetched_at::TIMESTAMP
