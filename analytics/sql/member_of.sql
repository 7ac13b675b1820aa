-- What an attempt is a member of by one dimension of a breakdown, for breakdown.sql and routing.sql; NULL if it has none.
CREATE OR REPLACE TEMP MACRO member_of(
    dimension, started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint,
    status, tags
) AS CASE
    WHEN dimension = 'day' THEN strftime(started_at, '%Y-%m-%d')
    WHEN dimension = 'hour' THEN strftime(started_at, '%Y-%m-%d %H:00')
    WHEN dimension = 'model' THEN model
    WHEN dimension = 'requested_model' THEN requested_model
    WHEN dimension = 'task_type' THEN task_type
    WHEN dimension = 'tier' THEN tier
    WHEN dimension = 'platform' THEN platform
    WHEN dimension = 'region' THEN region
    WHEN dimension = 'workspace_id' THEN workspace_id
    WHEN dimension = 'user_id' THEN user_id
    WHEN dimension = 'key_fingerprint' THEN key_fingerprint
    WHEN dimension = 'status' THEN status::VARCHAR
    WHEN starts_with(dimension, 'tag:') THEN tags[substring(dimension, 5)]
END;

INCLUDE lists
