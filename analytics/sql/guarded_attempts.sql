-- What the ledger has of attempts that something is set aside for: by record, by call, and by batch, whose items are calls.
WITH asked AS (
    SELECT record_id, call_id, stream AND NOT complete AND duration_ms IS NULL AS open
    FROM usage
    WHERE started_at >= $since
        AND (record_id IN (SELECT unnest($record_ids::UUID[])) OR call_id IN (SELECT unnest($call_ids::VARCHAR[]))
            OR split_part(call_id, '/', 1) IN (SELECT unnest($call_ids::VARCHAR[])))
)
SELECT
    asked.record_id::VARCHAR AS record_id,
    call_id,
    open,
    sum(contracted_cost) AS contracted_cost,
    coalesce(bool_or(charge.record_id IS NOT NULL AND list_cost IS NULL), false) AS unpriced
FROM asked LEFT JOIN charge ON charge.record_id = asked.record_id AND charge.started_at >= $since
GROUP BY ALL
