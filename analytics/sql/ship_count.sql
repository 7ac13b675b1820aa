-- How much of what was staged is shipped.
SELECT (SELECT count(*) FROM offered_usage) AS sent, (SELECT count(*) FROM staged WHERE reason IS NOT NULL) AS damaged
