-- The same notice twice is one.
INSERT INTO notice (notice_id, thread, rule, notice, created_at)
VALUES (:notice_id, :thread, :rule, :notice, :now)
ON CONFLICT (notice_id) DO NOTHING
