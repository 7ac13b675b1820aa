-- How much of the output was thinking: one row per group, of attempts whose usage object says so. A question of its own, as
-- those objects are most of a ledger: reading them takes longer than everything else about a period.
WITH said AS (
    SELECT
        member_of(($dimensions::VARCHAR[])[1], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_1,
        member_of(($dimensions::VARCHAR[])[2], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_2,
        json_extract(usage, ['$.output_tokens_details.thinking_tokens', '$.output_tokens']) AS counts
    FROM attempts_of($start::TIMESTAMP, $until::TIMESTAMP, $models::VARCHAR[], $task_types::VARCHAR[],
        $tag_keys::VARCHAR[], $tag_values::VARCHAR[], $within::VARCHAR[], $within_values::VARCHAR[][])
    WHERE usage IS NOT NULL
),
counted AS (
    SELECT
        member_1, member_2,
        -- What is no whole number is no count; beyond 15 digits sums could overflow.
        if(json_type(counts[1]) = 'UBIGINT' AND length(counts[1]::VARCHAR) <= 15, TRY_CAST(counts[1] AS BIGINT), NULL) AS thinking,
        if(json_type(counts[2]) = 'UBIGINT' AND length(counts[2]::VARCHAR) <= 15, TRY_CAST(counts[2] AS BIGINT), NULL) AS output
    FROM said
)
SELECT
    [member_1, member_2][:len($dimensions::VARCHAR[])] AS members,
    count(*) AS attempts,
    sum(thinking)::BIGINT AS thinking_tokens,
    sum(output)::BIGINT AS output_tokens
FROM counted
WHERE thinking IS NOT NULL AND output IS NOT NULL
GROUP BY member_1, member_2
ORDER BY thinking_tokens DESC, members
