(SELECT max(started_at) FROM usage WHERE started_at >= (SELECT max(hour) FROM found) AND started_at < (SELECT max(hour) FROM found) + INTERVAL 1 HOUR)
