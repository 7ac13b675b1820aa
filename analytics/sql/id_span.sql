-- When the first and the last attempt began of which an id begins with $id; NULL: none does. Each kind of id by itself and as a
-- range, so that only the parts of the ledger are read that can have one.
WITH found AS (
    SELECT started_at FROM usage WHERE call_id >= $id AND call_id < $id || chr(1114111) AND starts_with(call_id, $id)
    UNION ALL
    SELECT started_at FROM usage WHERE request_id >= $id AND request_id < $id || chr(1114111) AND starts_with(request_id, $id)
    UNION ALL
    SELECT started_at FROM usage WHERE message_id >= $id AND message_id < $id || chr(1114111) AND starts_with(message_id, $id)
    UNION ALL
    SELECT started_at FROM usage WHERE batch_id >= $id AND batch_id < $id || chr(1114111) AND starts_with(batch_id, $id)
    UNION ALL
    SELECT started_at FROM usage WHERE record_id BETWEEN $first_id::UUID AND $last_id::UUID
)
SELECT min(started_at) AS first, max(started_at) AS last FROM found
