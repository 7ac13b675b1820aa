-- The values of each dimension, in order; dimension 'tag:<key>' has those of a tag, the two hundred most frequent: more do not fit
-- a list.
WITH found AS (
    SELECT hourly.* FROM hourly ANTI JOIN raw_slice ON raw_slice.slice = coalesce(hourly.slice, hourly.hour)
    UNION ALL
    SELECT * EXCLUDE (user_id) FROM recent
),
combined AS (
    SELECT model, task_type, tier, platform, status FROM found GROUP BY ALL
),
tagged AS (
    SELECT tags, sum(attempts) AS attempts FROM found GROUP BY tags
),
tag AS (
    SELECT unnest(tag_pairs(tags)) AS entry, attempts FROM tagged
),
tag_value AS (
    SELECT entry.key AS key, entry.value AS value, row_number() OVER (PARTITION BY entry.key ORDER BY sum(attempts) DESC, entry.value) AS place
    FROM tag GROUP BY entry.key, entry.value
)
SELECT dimension, value
FROM (
    SELECT
        dimension,
        CASE dimension WHEN 'model' THEN model WHEN 'task_type' THEN task_type WHEN 'tier' THEN tier WHEN 'platform' THEN platform
            ELSE status::VARCHAR END AS value
    FROM combined CROSS JOIN (SELECT unnest(['model', 'task_type', 'tier', 'platform', 'status']) AS dimension) AS named
    GROUP BY ALL
    UNION ALL
    SELECT 'tag:' || key, value FROM tag_value WHERE place <= 200
)
WHERE value IS NOT NULL
ORDER BY dimension, value
