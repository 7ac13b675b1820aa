-- What questions call by name: the macros of a DuckDB ledger.

CREATE OR REPLACE FUNCTION member_of AS (
    dimension, started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags
) -> CASE
    WHEN dimension = 'day' THEN formatDateTime(started_at, '%Y-%m-%d')
    WHEN dimension = 'hour' THEN formatDateTime(started_at, '%Y-%m-%d %H:00')
    WHEN dimension = 'model' THEN model
    WHEN dimension = 'requested_model' THEN requested_model
    WHEN dimension = 'task_type' THEN task_type
    WHEN dimension = 'tier' THEN tier
    WHEN dimension = 'platform' THEN platform
    WHEN dimension = 'region' THEN region
    WHEN dimension = 'workspace_id' THEN workspace_id
    WHEN dimension = 'user_id' THEN user_id
    WHEN dimension = 'key_fingerprint' THEN key_fingerprint
    WHEN dimension = 'status' THEN toString(status)
    WHEN startsWith(dimension, 'tag:') THEN tags[substring(dimension, 5)]
END;

CREATE OR REPLACE FUNCTION tags_of AS (tags, keys) -> arrayMap(key -> tags[key], keys);

CREATE OR REPLACE FUNCTION members_at AS (members, places) -> arrayMap(place -> members[place], places);

CREATE OR REPLACE FUNCTION tag_pairs AS (tags) -> CAST(tags, 'Array(Tuple(key String, value Nullable(String)))');
