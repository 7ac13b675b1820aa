-- $attempts made-up attempts, by $users users if any, over 52 days: forty features of twelve teams, each with its task type and the model it asks for;
-- six models, caches, batches, US-only inference, searches, compactions, failures.
INSERT INTO usage BY NAME
WITH dice AS (
    SELECT i, (hash(i) >> 1)::BIGINT AS h, (hash(i, 1) >> 1)::BIGINT AS g, (hash(i, 2) >> 1)::BIGINT AS f
    FROM range($attempts) AS number(i)
),
attempt AS (
    SELECT
        *,
        f % 40 AS feature,
        -- Of each feature, most goes to one model; every tenth feature has an older one.
        ['claude-haiku-5-5', 'claude-haiku-5-5', 'claude-haiku-5-5', 'claude-sonnet-5-5', 'claude-sonnet-5-5', 'claude-opus-5-5',
         'claude-opus-5', 'claude-sonnet-4-5'][1 + if(feature % 10 = 9, 6 + h % 2, (h % 10) // 2 + feature % 2)] AS model,
        200 + g % 3000 AS input, 20 + f % 900 AS output,
        if(g % 5 < 2, 0, g // 7 % 60000) AS reads,
        if(f % 5 < 2, 0, f // 7 % 6000) AS writes
    FROM dice
),
used AS (
    SELECT
        *,
        json_object(
            'input_tokens', input, 'output_tokens', output,
            'cache_creation_input_tokens', writes, 'cache_read_input_tokens', reads,
            'cache_creation', json_object(
                'ephemeral_5m_input_tokens', writes - if(h % 3 = 0, writes // 2, 0),
                'ephemeral_1h_input_tokens', if(h % 3 = 0, writes // 2, 0)),
            'service_tier', if(h % 11 = 0, 'batch', 'standard'),
            'inference_geo', if(h % 19 = 0, 'us', 'not_available'),
            'output_tokens_details', json_object('thinking_tokens', output // 3)) AS plain
    FROM attempt
)
SELECT
    ('0199' || lpad(to_hex(i), 12, '0') || lpad(to_hex(h), 16, '0'))::UUID AS record_id,
    'call-' || i AS call_id,
    1 AS attempt,
    TIMESTAMP '2026-09-29' + to_microseconds((i * (52 * 86400000000 // $attempts))::BIGINT) AS started_at,
    300 + f % 5000 AS duration_ms,
    'anthropic' AS platform,
    '/v1/messages' AS endpoint,
    false AS stream,
    ['claude-opus-5-5', 'claude-sonnet-5-5', 'auto'][1 + feature % 3] AS requested_model,
    model AS sent_model,
    model,
    1024 AS max_tokens,
    ['classify', 'extract', 'summarize', 'code', 'chat'][1 + feature % 5] AS task_type,
    split_part(model, '-', 2) AS tier,
    if($users = 0, NULL, 'user-' || g % greatest($users, 1)) AS user_id,
    MAP {'team': 'team-' || (feature % 12), 'feature': 'feature-' || feature} AS tags,
    if(h % 50 = 0, 529, 200) AS status,
    if(h % 50 = 0, 'overloaded_error', NULL) AS error_type,
    if(h % 50 = 0, NULL, 'end_turn') AS stop_reason,
    h % 50 <> 0 AS complete,
    CASE
        WHEN h % 50 = 0 THEN NULL
        WHEN h % 33 = 1 THEN json_merge_patch(plain, json_object('iterations', [
            json_object('type', 'message', 'input_tokens', input, 'output_tokens', output,
                'cache_creation_input_tokens', 0, 'cache_read_input_tokens', reads),
            json_object('type', 'compaction', 'input_tokens', 50000 + reads, 'output_tokens', 900,
                'cache_creation_input_tokens', 0, 'cache_read_input_tokens', 0)]))
        WHEN h % 33 = 2 THEN json_merge_patch(plain, json_object('server_tool_use', json_object(
            'web_search_requests', 1 + f % 4, 'web_fetch_requests', 0)))
        ELSE plain
    END AS usage
FROM used
ORDER BY i
