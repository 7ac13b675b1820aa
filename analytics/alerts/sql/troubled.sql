-- Messages that were given up of late, and those that wait for longer than they should; the newest first.
SELECT parcel_id, recipient, carrier, state, tries, said, rule, parcel.created_at
FROM parcel JOIN notice USING (notice_id)
WHERE
    (state IN ('expired', 'refused') AND settled_at > :given_up_after AND expires_at > parcel.created_at)
    OR (state = 'waiting' AND (tries > 0 OR parcel.created_at < :late_before))
ORDER BY parcel.created_at DESC, recipient
