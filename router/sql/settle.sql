-- An attempt is over: what it cost, as far as its answer says.
UPDATE reservation SET amount = :amount, record_id = :record_id, owner = NULL
WHERE budget = :budget AND members = :members AND period = :period AND reservation_id = :reservation_id
