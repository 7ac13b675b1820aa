-- What became of a try.
UPDATE parcel
SET
    state = :state, tries = tries + 1, said = :said, due_at = :due_at, settled_at = :settled_at,
    holder = NULL, leased_until = NULL
WHERE parcel_id = :parcel_id
