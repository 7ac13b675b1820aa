-- What is odd about these hours.
INSERT INTO hourly_note BY NAME FROM notes_of($first::TIMESTAMP, $until::TIMESTAMP)
