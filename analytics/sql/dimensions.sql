-- What there is to choose from. Of the values of one tag, the two hundred most frequent: more do not fit a list.
WITH tag AS (
    SELECT unnest(map_entries(tags)) AS entry FROM usage
),
tag_value AS (
    SELECT entry.key AS key, entry.value AS value FROM tag
    GROUP BY entry.key, entry.value
    QUALIFY row_number() OVER (PARTITION BY entry.key ORDER BY count(*) DESC, entry.value) <= 200
),
tag_key AS (
    SELECT key, list(value ORDER BY value) AS options FROM tag_value WHERE value IS NOT NULL GROUP BY key
)
SELECT
    (SELECT list(DISTINCT model ORDER BY model) FROM usage WHERE model IS NOT NULL) AS models,
    (SELECT list(DISTINCT task_type ORDER BY task_type) FROM usage WHERE task_type IS NOT NULL) AS task_types,
    (SELECT list({'key': key, 'options': options} ORDER BY key) FROM tag_key) AS tags,
    (SELECT list_filter([
        if(min(platform) <> max(platform), 'platform', NULL),
        if(min(region) <> max(region), 'region', NULL),
        if(min(workspace_id) <> max(workspace_id), 'workspace_id', NULL),
        if(min(user_id) <> max(user_id), 'user_id', NULL),
        if(min(key_fingerprint) <> max(key_fingerprint), 'key_fingerprint', NULL)], lambda name: name IS NOT NULL)
        FROM usage) AS identities,
    (SELECT min(started_at) FROM usage) AS first_at,
    (SELECT max(started_at) FROM usage) AS last_at
