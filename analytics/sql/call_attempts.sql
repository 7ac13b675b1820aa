-- The attempts in `fresh` as they went, and what was said of their call: for one call, beside receipt.sql.
SELECT usage.* EXCLUDE (usage), verdict, note
FROM usage JOIN fresh USING (record_id) LEFT JOIN feedback USING (call_id)
ORDER BY attempt, started_at, record_id
