-- What the ledger says of each budget now; of a budget for each value, of all of them.
SELECT budget, sum(spent) AS spent, sum("limit") AS "limit" FROM guarded_spend GROUP BY budget ORDER BY budget
