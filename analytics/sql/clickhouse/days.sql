-- What there is of each UTC day.
INCLUDE day_sums
GROUP BY day
ORDER BY day
