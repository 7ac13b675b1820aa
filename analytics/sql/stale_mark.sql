-- The slices whose roll-ups fresh records change: their own, and those of other attempts of the same calls, as a call counts
-- where its last attempt does. The attempts of a call lie within two hours: nine of ten minutes each is what the SDK and a
-- fallback chain come to.
INSERT INTO stale
WITH new AS (
    SELECT call_id, attempt, started_at FROM offered_usage SEMI JOIN fresh USING (record_id)
),
touched AS (
    SELECT started_at FROM new
    UNION ALL
    SELECT usage.started_at
    FROM usage JOIN new ON usage.call_id = new.call_id AND (usage.attempt > 1 OR new.attempt > 1)
    WHERE usage.started_at >= (SELECT min(started_at) FROM new) - INTERVAL 2 HOURS
        AND usage.started_at < (SELECT max(started_at) FROM new) + INTERVAL 2 HOURS
    UNION ALL
    SELECT started_at FROM usage SEMI JOIN (SELECT record_id FROM fresh WHERE superseding) USING (record_id)
)
SELECT DISTINCT time_bucket(INTERVAL 5 MINUTES, started_at) AS slice
FROM touched ANTI JOIN stale ON stale.slice = time_bucket(INTERVAL 5 MINUTES, touched.started_at)
