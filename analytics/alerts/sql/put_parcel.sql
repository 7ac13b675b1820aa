-- The same notice for the same recipient twice is one.
INSERT INTO parcel (parcel_id, notice_id, carrier, recipient, state, created_at, due_at, expires_at, tries)
VALUES (:parcel_id, :notice_id, :carrier, :recipient, 'waiting', :now, :now, :expires_at, 0)
ON CONFLICT (parcel_id) DO NOTHING
