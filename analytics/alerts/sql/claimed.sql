-- What a deliverer holds, the oldest first.
SELECT parcel_id, recipient, notice, tries, expires_at FROM parcel JOIN notice USING (notice_id)
WHERE state = 'waiting' AND carrier = :carrier AND holder = :holder
ORDER BY parcel.created_at, parcel_id
