-- What became of the attempts in `fresh`: one row per reason why lines are unpriced, and one for those that are priced.
SELECT unpriced_reason, count(*) AS lines, count(DISTINCT record_id) AS attempts
FROM charge
JOIN fresh USING (record_id)
GROUP BY unpriced_reason
ORDER BY lines DESC, unpriced_reason
