-- What is open in a period that is over ends with it.
UPDATE alert SET state = 'resolved', ended_by = 'over', since = :now
WHERE (state <> 'resolved' OR ended_by = 'hand') AND over_at <= :now
