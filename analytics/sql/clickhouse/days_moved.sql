-- The same of what one machine has moved here.
INCLUDE day_sums
WHERE machine = $machine::VARCHAR
GROUP BY day
ORDER BY day
