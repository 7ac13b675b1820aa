-- As ../attempts_priced.sql has them. Here the lines of an attempt lie in its row: no join.
SELECT
    *,
    arrayExists(cost -> cost IS NULL, lines.list_cost) AS unpriced,
    if(notEmpty(lines.kind) AND arrayAll(cost -> cost IS NULL, lines.list_cost), NULL, arraySum(arrayMap(cost -> coalesce(cost, 0), lines.list_cost))) AS list_cost
FROM (
INCLUDE attempts_of
)
