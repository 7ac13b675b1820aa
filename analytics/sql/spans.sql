-- The periods that are asked about, by number.
CREATE OR REPLACE TEMP TABLE span AS
SELECT number, ($starts::TIMESTAMP[])[number + 1] AS start, ($ends::TIMESTAMP[])[number + 1] AS until
FROM (SELECT unnest(range(len($starts::TIMESTAMP[])))::INTEGER AS number)
