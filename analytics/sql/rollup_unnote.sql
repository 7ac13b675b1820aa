-- The same for what was odd about them.
DELETE FROM hourly_note WHERE hour >= $first AND hour < $until AND hour >= coalesce((SELECT attempts_from FROM book), hour)
