-- Lease what is due and nobody else is carrying. No back-off and no lease reaches a day ahead: what does was written
-- before the clock was set back.
UPDATE parcel SET holder = :holder, leased_until = :leased_until
WHERE parcel_id IN (
    SELECT parcel_id FROM parcel
    WHERE
        state = 'waiting' AND carrier = :carrier
        AND (due_at <= :now OR due_at > :far)
        AND (leased_until IS NULL OR leased_until <= :now OR leased_until > :far)
    ORDER BY due_at, parcel_id LIMIT :most
)
