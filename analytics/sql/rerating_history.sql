-- Every re-rating that changed the books, the newest first; a row for each change.
SELECT rerating.*, rerating_change.* EXCLUDE (rerating_id)
FROM rerating JOIN rerating_change ON rerating_change.rerating_id = rerating.rerating_id
ORDER BY rerated_at DESC, rerating.rerating_id DESC, model NULLS LAST, cause NULLS FIRST
