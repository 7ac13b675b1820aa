-- Which records of a time there are, in which revision.
SELECT toString(record_id) AS record_id, revision
FROM usage
WHERE started_at >= $start::TIMESTAMP AND started_at <= $until::TIMESTAMP
