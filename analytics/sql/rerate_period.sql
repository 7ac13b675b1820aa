-- Which attempts to rate again: those of a period, or all.
CREATE OR REPLACE TEMP TABLE rerated_period AS
SELECT coalesce($start::TIMESTAMP, '-infinity') AS "start", coalesce($until::TIMESTAMP, 'infinity') AS until
