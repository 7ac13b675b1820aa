-- In order of time, as attempts lie: the least of all would ask the tags of each.
(SELECT started_at FROM usage ORDER BY started_at LIMIT 1)
