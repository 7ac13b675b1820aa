-- What is odd about it.
INSERT INTO hourly_note
INCLUDE notes_of
