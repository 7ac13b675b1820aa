-- Streams that began before $before and have not ended since, as far as anybody wrote down.
SELECT count(*) AS streams FROM usage WHERE stream AND NOT complete AND duration_ms IS NULL AND started_at < $before
