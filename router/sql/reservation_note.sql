-- The ledger has some of it.
UPDATE reservation SET in_ledger = :in_ledger WHERE reservation_id = :reservation_id
