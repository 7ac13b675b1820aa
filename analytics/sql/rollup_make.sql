-- The roll-ups of these hours.
INSERT INTO hourly BY NAME
SELECT * EXCLUDE user_id FROM hours_of($first::TIMESTAMP, $until::TIMESTAMP, false)
ORDER BY ALL
