-- Roll-ups that are made anew. What was pruned is kept: it is nowhere else.
DELETE FROM hourly
WHERE coalesce(slice, hour) >= $first AND coalesce(slice, hour) < $until AND hour >= coalesce((SELECT attempts_from FROM book), hour)
