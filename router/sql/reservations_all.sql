-- Everything that is set aside, with whether its attempt is over.
SELECT DISTINCT reservation_id, call_id, record_id, made_at, owner FROM reservation
