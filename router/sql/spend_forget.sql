-- A period that is over, or a budget that is no more.
DELETE FROM guarded_spend WHERE budget = :budget AND members = :members AND period = :period
