-- The attempts of a run of hours, as if they had roll-ups.
INSERT INTO recent BY NAME FROM hours_of($first::TIMESTAMP, $until::TIMESTAMP, $by_user)
