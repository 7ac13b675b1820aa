-- What is odd about the attempts of a run of slices.
INSERT INTO recent_note BY NAME FROM notes_of($first::TIMESTAMP, $until::TIMESTAMP, false)
