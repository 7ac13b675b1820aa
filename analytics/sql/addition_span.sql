-- When what is offered began.
SELECT min(started_at) AS start, max(started_at) AS until FROM offered_usage
