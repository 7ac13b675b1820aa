-- What there is to choose from, beside the values of dimension_values.sql: which identities tell attempts apart, and since when.
WITH found AS (
    SELECT hourly.* FROM hourly ANTI JOIN raw_slice ON raw_slice.slice = coalesce(hourly.slice, hourly.hour)
    UNION ALL
    SELECT * EXCLUDE (user_id) FROM recent
)
SELECT
    min(platform) <> max(platform) AS platform,
    min(region) <> max(region) AS region,
    min(workspace_id) <> max(workspace_id) AS workspace_id,
    (SELECT user_id FROM usage WHERE user_id <> (SELECT user_id FROM usage WHERE user_id IS NOT NULL LIMIT 1) LIMIT 1) IS NOT NULL AS user_id,
    min(key_fingerprint) <> max(key_fingerprint) AS key_fingerprint,
    (SELECT count(*) FROM contract) > 0 AS contracted,
    (SELECT max(currency) FROM contract) AS currency,
    least(
        INCLUDE first_at
        , min(hour) FILTER (WHERE hour < (SELECT attempts_from FROM book))) AS first_at,
    greatest(
        INCLUDE last_at
        , max(hour) FILTER (WHERE hour < (SELECT attempts_from FROM book))) AS last_at
FROM found
