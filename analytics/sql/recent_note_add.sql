-- What is odd about the attempts of a run of slices.
INSERT INTO recent_note
INCLUDE notes_of
