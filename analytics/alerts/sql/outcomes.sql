-- What became of one notice.
SELECT recipient, state, said FROM parcel WHERE notice_id = ? ORDER BY recipient
