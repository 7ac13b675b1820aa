-- The attempts of a run of slices, as if they had roll-ups.
INSERT INTO recent BY NAME FROM hours_of($first::TIMESTAMP, $until::TIMESTAMP, $sliced, $by_user)
