-- Whether something was said about a thread before, by another notice.
SELECT 1 FROM notice WHERE thread = :thread AND notice_id <> :notice_id LIMIT 1
