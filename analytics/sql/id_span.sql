-- When the first and the last attempt began of which an id begins with $id; NULL: none does. Each kind of id by itself and as a
-- range, up to $past, so that only the parts of the ledger are read that can have one.
WITH found AS (
    SELECT started_at FROM usage WHERE call_id >= $id::VARCHAR AND call_id < $past::VARCHAR AND starts_with(call_id, $id::VARCHAR)
    UNION ALL
    SELECT started_at FROM usage WHERE request_id >= $id::VARCHAR AND request_id < $past::VARCHAR AND starts_with(request_id, $id::VARCHAR)
    UNION ALL
    SELECT started_at FROM usage WHERE message_id >= $id::VARCHAR AND message_id < $past::VARCHAR AND starts_with(message_id, $id::VARCHAR)
    UNION ALL
    SELECT started_at FROM usage WHERE batch_id >= $id::VARCHAR AND batch_id < $past::VARCHAR AND starts_with(batch_id, $id::VARCHAR)
    UNION ALL
    SELECT started_at FROM usage WHERE in_order(record_id) BETWEEN in_order($first_id::UUID) AND in_order($last_id::UUID)
)
SELECT min(started_at) AS first, max(started_at) AS last FROM found
