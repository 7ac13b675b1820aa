-- What is odd about the attempts of a run of hours.
INSERT INTO recent_note BY NAME FROM notes_of($first::TIMESTAMP, $until::TIMESTAMP)
