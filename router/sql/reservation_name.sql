-- What the attempts are called that this is for.
UPDATE reservation SET call_id = :call_id WHERE reservation_id = :reservation_id
