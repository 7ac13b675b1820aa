-- The same for what is odd about them.
CREATE OR REPLACE TEMP TABLE recent_note AS SELECT * FROM hourly_note LIMIT 0
