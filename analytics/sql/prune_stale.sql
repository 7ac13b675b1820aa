-- Slices whose roll-ups are not true, and soon could not be made anew.
SELECT count(*) AS hours FROM stale WHERE slice < $before::TIMESTAMP
