-- What the ledger says now.
INSERT INTO guarded_spend VALUES (:budget, :members, :period, :spent, :limit)
ON CONFLICT (budget, members, period) DO UPDATE SET spent = excluded.spent, "limit" = excluded."limit"
