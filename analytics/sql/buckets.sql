-- The parts of a period that a question over time adds up; without any, no question is over time.
CREATE OR REPLACE TEMP TABLE bucket AS
SELECT unnest($starts::TIMESTAMP[]) AS start, unnest($ends::TIMESTAMP[]) AS until, unnest($names::VARCHAR[]) AS name
