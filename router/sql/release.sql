-- Nothing was spent.
DELETE FROM reservation
WHERE budget = :budget AND members = :members AND period = :period AND reservation_id = :reservation_id
