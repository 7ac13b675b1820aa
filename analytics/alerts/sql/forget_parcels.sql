-- Messages that were settled long ago.
DELETE FROM parcel WHERE settled_at < :before
