-- The attempts of a run of slices, as if they had roll-ups.
INSERT INTO recent
INCLUDE hours_of
