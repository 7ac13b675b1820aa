-- Room for the attempts of slices without roll-ups, in the shape of roll-ups.
CREATE OR REPLACE TEMP TABLE recent AS SELECT *, NULL::VARCHAR AS user_id FROM hourly LIMIT 0;
CREATE OR REPLACE TEMP TABLE recent_note AS FROM hourly_note LIMIT 0;
