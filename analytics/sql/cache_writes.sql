-- What became of cache writes, and what the other time to live would have cost: one row per group. `cache_turn` is that of
-- cache_turns.sql; tokens are summed by price row and multiplier, and the sums are priced.
WITH attempt AS (
    SELECT
        member_of(($dimensions::VARCHAR[])[1], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_1,
        member_of(($dimensions::VARCHAR[])[2], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_2,
        cache_turn.*,
        coalesce(read_at <= started_at + INTERVAL 5 MINUTES, false) AS read_in_5m,
        coalesce(read_at <= started_at + INTERVAL 1 HOUR, false) AS read_in_1h,
        started_at > $now::TIMESTAMP - INTERVAL 5 MINUTES AS young_5m,
        started_at > $now::TIMESTAMP - INTERVAL 1 HOUR AS young_1h,
        if(late AND before_lifetime = 5, greatest(least(written_5m, before_prefix - read), 0), 0) AS rewritten,
        if(late AND before_lifetime = 60, read, 0) AS late_read
    FROM (
INCLUDE attempts_of
    )
    JOIN cache_turn USING (record_id)
),
summed AS (
    SELECT
        member_1, member_2, unpriced, price_row, multiplier,
        count(*) FILTER (WHERE written_5m + written_1h > 0) AS writing_attempts,
        sum(written_5m) AS written_5m,
        sum(written_1h) AS written_1h,
        sum(read) AS read,
        coalesce(sum(written_5m) FILTER (WHERE NOT read_in_5m AND NOT young_5m), 0) AS unread_5m,
        coalesce(sum(written_1h) FILTER (WHERE NOT read_in_1h AND NOT young_1h), 0) AS unread_1h,
        coalesce(sum(written_5m) FILTER (WHERE NOT read_in_5m AND young_5m), 0)
            + coalesce(sum(written_1h) FILTER (WHERE NOT read_in_1h AND young_1h), 0) AS undecided,
        count(*) FILTER (WHERE rewritten > 0) AS rewriting_attempts,
        sum(rewritten) AS rewritten,
        count(*) FILTER (WHERE late_read > 0) AS late_attempts,
        sum(late_read) AS late_read
    FROM attempt
    GROUP BY ALL
),
priced AS (
    SELECT
        summed.*,
        cost_at(written_5m, cache_write_5m, multiplier) + cost_at(written_1h, cache_write_1h, multiplier) + cost_at(read, cache_read, multiplier) AS cost,
        cost_at(unread_5m, cache_write_5m, multiplier) + cost_at(unread_1h, cache_write_1h, multiplier)
            - cost_at(unread_5m + unread_1h, input, multiplier) AS unread_extra,
        cost_at(written_5m + written_1h + late_read, cache_write_5m, multiplier) + cost_at(read - late_read, cache_read, multiplier) AS all_5m,
        cost_at(written_5m + written_1h - rewritten, cache_write_1h, multiplier) + cost_at(read + rewritten, cache_read, multiplier) AS all_1h
    FROM summed LEFT JOIN price ON price.rowid = price_row AND NOT unpriced
)
SELECT
    [member_1, member_2][:len($dimensions::VARCHAR[])] AS members,
    sum(writing_attempts)::BIGINT AS writing_attempts,
    coalesce(sum(writing_attempts) FILTER (WHERE cost IS NULL), 0)::BIGINT AS unpriced_attempts,
    sum(written_5m)::BIGINT AS cache_write_5m_tokens,
    sum(written_1h)::BIGINT AS cache_write_1h_tokens,
    sum(read)::BIGINT AS cache_read_input_tokens,
    sum(unread_5m)::BIGINT AS unread_5m_tokens,
    sum(unread_1h)::BIGINT AS unread_1h_tokens,
    sum(undecided)::BIGINT AS undecided_tokens,
    sum(unread_extra) AS unread_extra,
    sum(rewriting_attempts)::BIGINT AS rewriting_attempts,
    sum(rewritten)::BIGINT AS rewritten_tokens,
    sum(late_attempts)::BIGINT AS late_attempts,
    sum(late_read)::BIGINT AS late_read_tokens,
    sum(cost) AS cost,
    -- Both sides of a comparison, or neither.
    sum(all_5m) FILTER (WHERE cost IS NOT NULL) AS cost_all_5m,
    sum(all_1h) FILTER (WHERE cost IS NOT NULL) AS cost_all_1h,
    sum(cost - all_5m) AS would_save_5m,
    sum(cost - all_1h) AS would_save_1h
FROM priced
GROUP BY member_1, member_2
ORDER BY cost DESC NULLS LAST, members
