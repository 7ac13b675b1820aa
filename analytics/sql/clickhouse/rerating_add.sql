-- Put a re-rating on record.
INSERT INTO rerating
SELECT coalesce(max(rerating_id), 0) + 1, $rerated_at::TIMESTAMP, $period_start::TIMESTAMP, $period_end::TIMESTAMP, $from_versions::VARCHAR[], $to_version::VARCHAR, $lines_rebuilt::BOOLEAN
FROM rerating
