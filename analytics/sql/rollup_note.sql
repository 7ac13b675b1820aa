-- What is odd about it.
INSERT INTO hourly_note BY NAME FROM notes_of($first::TIMESTAMP, $until::TIMESTAMP, $sliced)
