-- What was exported, to hold against what is read elsewhere. NULL where nothing had a price.
SELECT
    (SELECT count(*) FROM usage WHERE started_at >= $start AND started_at < $until) AS attempts,
    count(*) AS charges,
    count(*) FILTER (WHERE list_cost IS NULL) AS unpriced_charges,
    sum(list_cost) AS list_cost
FROM charge
WHERE started_at >= $start AND started_at < $until
