-- How much of the output was thinking: one row per group, of attempts whose usage object says so. A question of its own, as
-- those objects are most of a ledger: reading them takes longer than everything else about a period.
WITH said AS (
    SELECT
        member_of(($dimensions::VARCHAR[])[1], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_1,
        member_of(($dimensions::VARCHAR[])[2], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member_2,
        counts_of(usage) AS counts
    FROM (
INCLUDE attempts_of
    )
    WHERE usage IS NOT NULL
),
counted AS (
    SELECT member_1, member_2, counts[1] AS thinking, counts[2] AS output FROM said
)
SELECT
    first_of([member_1, member_2], len($dimensions::VARCHAR[])) AS members,
    count(*) AS attempts,
    sum(thinking)::BIGINT AS thinking_tokens,
    sum(output)::BIGINT AS output_tokens
FROM counted
WHERE thinking IS NOT NULL AND output IS NOT NULL
GROUP BY member_1, member_2
ORDER BY thinking_tokens DESC, members
