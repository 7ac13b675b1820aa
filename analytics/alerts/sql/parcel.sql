-- How a try of it is to be settled.
SELECT parcel_id, state, tries, expires_at, holder FROM parcel WHERE parcel_id = ?
