-- What is gone of a budget in a period: what was spent, and what is set aside for attempts that are not in that figure yet.
SELECT
    (SELECT spent FROM guarded_spend WHERE budget = :budget AND members = :members AND period = :period) AS spent,
    (SELECT "limit" FROM guarded_spend WHERE budget = :budget AND members = :members AND period = :period) AS "limit",
    (SELECT sum(max(amount - in_ledger, 0)) FROM reservation
     WHERE budget = :budget AND members = :members AND period = :period AND until > :now) AS reserved
