-- It counts again after it has cleared.
UPDATE alert SET state = 'resolved', ended_by = 'hand', since = :now WHERE alert_id = :alert_id
