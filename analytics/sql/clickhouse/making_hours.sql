-- The roll-ups of this time, which nobody sees yet.
INSERT INTO hourly_made
SELECT $made::TIMESTAMP, * EXCEPT (user_id) FROM (
INCLUDE hours_of
)
