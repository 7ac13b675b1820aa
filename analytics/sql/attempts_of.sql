-- The attempts that filters leave (reports.Filters), for questions that no roll-up can answer. member_of.sql goes first.
CREATE OR REPLACE TEMP MACRO attempts_of(start, until, models, task_types, tag_keys, tag_values, within, within_values) AS TABLE
SELECT *, error_type IS NULL AND coalesce(status BETWEEN 200 AND 299, false) AS succeeded
FROM usage
WHERE started_at >= start AND started_at < until
    AND (len(models) = 0 OR list_contains(models, model))
    AND (len(task_types) = 0 OR list_contains(task_types, task_type))
    -- One tag is what is asked for most; the general form is much slower.
    AND (len(tag_keys) < 1 OR tags[tag_keys[1]] = tag_values[1])
    AND (len(tag_keys) < 2 OR list_transform(tag_keys, lambda key: tags[key]) = tag_values)
    AND (len(within) < 1 OR list_contains(within_values[1], member_of(within[1], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
    AND (len(within) < 2 OR list_contains(within_values[2], member_of(within[2], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
    AND (len(within) < 3 OR list_contains(within_values[3], member_of(within[3], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
    AND (len(within) < 4 OR list_contains(within_values[4], member_of(within[4], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
    AND (len(within) < 5 OR list_contains(within_values[5], member_of(within[5], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
    AND (len(within) < 6 OR list_contains(within_values[6], member_of(within[6], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
