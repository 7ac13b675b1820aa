-- Within the first hour there is: newest versions in order of time are all of them.
(SELECT min(started_at) FROM usage WHERE started_at >= (SELECT min(hour) FROM found) AND started_at < (SELECT min(hour) FROM found) + INTERVAL 1 HOUR)
