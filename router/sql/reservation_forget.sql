-- The ledger has all of it.
DELETE FROM reservation WHERE reservation_id = :reservation_id
