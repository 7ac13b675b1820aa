-- The roll-ups of this time.
INSERT INTO hourly BY NAME
SELECT * EXCLUDE user_id FROM hours_of($first::TIMESTAMP, $until::TIMESTAMP, $sliced, false)
ORDER BY ALL
