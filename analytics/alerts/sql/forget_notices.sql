-- What nobody has or awaits any more.
DELETE FROM notice WHERE created_at < :before AND notice_id NOT IN (SELECT notice_id FROM parcel)
