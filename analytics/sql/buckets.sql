-- The parts of a period that a question over time adds up; without any, no question is over time.
CREATE OR REPLACE TEMP TABLE bucket AS
SELECT ($starts::TIMESTAMP[])[number + 1] AS start, ($ends::TIMESTAMP[])[number + 1] AS until, ($names::VARCHAR[])[number + 1] AS name
FROM (SELECT unnest(range(len($starts::TIMESTAMP[])))::INTEGER AS number)
