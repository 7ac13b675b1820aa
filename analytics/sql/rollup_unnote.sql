-- The same for what was odd about them.
DELETE FROM hourly_note
WHERE coalesce(slice, hour) >= $first AND coalesce(slice, hour) < $until AND hour >= coalesce((SELECT attempts_from FROM book), hour)
