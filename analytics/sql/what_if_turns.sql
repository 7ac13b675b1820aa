-- What following the caches of a conversation tells, as the temporary table `turn`: one row per line whose cache would have been
-- another, where calls move or caches live for $ttl. An estimate, from the turn before of the same conversation; the ledger does
-- not know more.
--   cold:       read, though the turn before would now have gone to another model
--   never_cold: written, though the turn before, on another model then, had it warm, and would now go to the same
--   repeated:   written anew within an hour of the turn before, as the five minutes of that one were over
--   lapsed:     read within an hour of the turn before, and after more than five minutes
--   unsure:     read, by the first turn that is known
CREATE OR REPLACE TEMP TABLE turn AS
WITH cached AS (
    SELECT
        line.record_id, line.line_number, epoch_ms(line.started_at) AS began, conversation,
        hash(coalesce(target, served)) AS there, hash(served) AS served,  -- only compared
        cache_write_5m_tokens + cache_write_1h_tokens AS written, cache_write_5m_tokens AS written_5m, cache_read_input_tokens AS read
    FROM line JOIN chosen USING (record_id)
    WHERE line.started_at >= $start AND line.started_at < $until
        AND NOT batched AND kind = 'top_level' AND cache_write_5m_tokens + cache_write_1h_tokens + cache_read_input_tokens > 0
),
followed AS (
    SELECT
        *,
        began - lag(began) OVER turns AS gap,
        coalesce(lag(served) OVER turns <> served, false) AS came_over,
        coalesce(lag(there) OVER turns <> there, false) AS comes_over,
        lag(written + read) OVER turns AS had,
        -- Reads keep a cache as long as it was written for.
        if(last_value(if(written > 0, written > written_5m, NULL) IGNORE NULLS) OVER (
            turns ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 3600000, 300000) AS lifetime
    FROM cached
    WINDOW turns AS (PARTITION BY conversation ORDER BY began, record_id)
)
SELECT
    record_id, line_number,
    if(gap <= lifetime AND comes_over AND NOT came_over, read, 0) AS cold,
    if(gap <= lifetime AND came_over AND NOT comes_over, least(written, had), 0) AS never_cold,
    if(gap > 300000 AND gap <= 3600000 AND NOT came_over AND NOT comes_over, least(written_5m, had), 0) AS repeated,
    if(gap > 300000 AND gap <= 3600000 AND NOT came_over AND NOT comes_over, read, 0) AS lapsed,
    if(gap IS NULL, read, 0) AS unsure
FROM followed
WHERE came_over <> comes_over
    OR ($ttl = '1h' AND gap > 300000 AND written_5m > 0)
    OR ($ttl = '5m' AND (gap IS NULL OR gap > 300000) AND read > 0)
