-- What is odd about it.
INSERT INTO hourly_note_made
SELECT $made::TIMESTAMP, * FROM (
INCLUDE notes_of
)
