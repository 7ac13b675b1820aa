-- What there is to choose from. Of the values of one tag, the two hundred most frequent: more do not fit a list.
WITH found AS (
    FROM hourly ANTI JOIN raw_slice ON raw_slice.slice = coalesce(hourly.slice, hourly.hour) UNION ALL BY NAME SELECT * EXCLUDE user_id FROM recent
),
tagged AS (
    SELECT tags, sum(attempts) AS attempts FROM found GROUP BY tags
),
tag AS (
    SELECT unnest(map_entries(tags)) AS entry, attempts FROM tagged
),
tag_value AS (
    SELECT entry.key AS key, entry.value AS value FROM tag
    GROUP BY entry.key, entry.value
    QUALIFY row_number() OVER (PARTITION BY entry.key ORDER BY sum(attempts) DESC, entry.value) <= 200
),
tag_key AS (
    SELECT key, list(value ORDER BY value) AS options FROM tag_value WHERE value IS NOT NULL GROUP BY key
)
SELECT
    (SELECT list(DISTINCT model ORDER BY model) FROM found WHERE model IS NOT NULL) AS models,
    (SELECT list(DISTINCT tier ORDER BY tier) FROM found WHERE tier IS NOT NULL) AS tiers,
    (SELECT list(DISTINCT platform ORDER BY platform) FROM found WHERE platform IS NOT NULL) AS platforms,
    (SELECT list(DISTINCT status::VARCHAR ORDER BY status::VARCHAR) FROM found WHERE status IS NOT NULL) AS statuses,
    (SELECT count(*) > 0 FROM contract) AS contracted,
    (SELECT max(currency) FROM contract) AS currency,
    (SELECT list(DISTINCT task_type ORDER BY task_type) FROM found WHERE task_type IS NOT NULL) AS task_types,
    (SELECT list({'key': key, 'options': options} ORDER BY key) FROM tag_key) AS tags,
    (SELECT list_filter([
        if(min(platform) <> max(platform), 'platform', NULL),
        if(min(region) <> max(region), 'region', NULL),
        if(min(workspace_id) <> max(workspace_id), 'workspace_id', NULL),
        (SELECT 'user_id' FROM usage WHERE user_id <> (SELECT user_id FROM usage WHERE user_id IS NOT NULL LIMIT 1) LIMIT 1),
        if(min(key_fingerprint) <> max(key_fingerprint), 'key_fingerprint', NULL)], lambda name: name IS NOT NULL)
        FROM found) AS identities,
    least((SELECT min(started_at) FROM usage), (SELECT min(hour) FROM found WHERE hour < (SELECT attempts_from FROM book))) AS first_at,
    greatest((SELECT max(started_at) FROM usage), (SELECT max(hour) FROM found WHERE hour < (SELECT attempts_from FROM book))) AS last_at
