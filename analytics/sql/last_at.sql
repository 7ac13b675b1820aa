(SELECT started_at FROM usage ORDER BY started_at DESC LIMIT 1)
