-- What was published last.
SELECT budget, members, period, spent, "limit" FROM guarded_spend
