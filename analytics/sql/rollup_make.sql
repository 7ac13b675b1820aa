-- The roll-ups of this time.
INSERT INTO hourly
SELECT * EXCLUDE (user_id) FROM (
INCLUDE hours_of
)
ORDER BY ALL
