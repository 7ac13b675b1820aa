-- Be seen; who was not for five minutes begins anew. Then: who is the first, by the clock of the engine.
INSERT INTO scheduler
SELECT
    $machine::VARCHAR,
    coalesce((SELECT max(since) FROM scheduler WHERE machine = $machine::VARCHAR AND seen_at > now64(6, 'UTC') - INTERVAL 5 MINUTE), now64(6, 'UTC')),
    now64(6, 'UTC');

SELECT machine, since FROM scheduler WHERE seen_at > now64(6, 'UTC') - INTERVAL 5 MINUTE ORDER BY since, machine LIMIT 1
