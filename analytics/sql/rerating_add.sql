-- Put a re-rating on record; its number.
INSERT INTO rerating
SELECT coalesce(max(rerating_id), 0) + 1, $rerated_at, $period_start, $period_end, $from_versions, $to_version, $lines_rebuilt
FROM rerating
RETURNING rerating_id
