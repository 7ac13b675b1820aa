-- Set something aside.
INSERT INTO reservation (reservation_id, budget, members, period, amount, call_id, owner, made_at, until)
VALUES (:reservation_id, :budget, :members, :period, :amount, :call_id, :owner, :now, :until)
