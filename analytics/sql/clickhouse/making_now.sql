-- When a making begins, by the clock that attempts arrive by.
SELECT now64(6, 'UTC') AS made
