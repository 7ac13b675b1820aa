-- The periods that are asked about, by number.
CREATE OR REPLACE TEMP TABLE span AS
SELECT unnest(range(len($starts::TIMESTAMP[])))::INTEGER AS number, unnest($starts::TIMESTAMP[]) AS start, unnest($ends::TIMESTAMP[]) AS until
