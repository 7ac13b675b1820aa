-- Room for the attempts of slices without roll-ups, in the shape of roll-ups.
CREATE OR REPLACE TEMP TABLE recent AS SELECT *, nullif('', '') AS user_id FROM hourly LIMIT 0
