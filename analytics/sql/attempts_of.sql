-- The attempts that filters leave (reports.Filters), for questions that no roll-up can answer: a part of them. member_of.sql goes first.
SELECT *, error_type IS NULL AND coalesce(status BETWEEN 200 AND 299, false) AS succeeded
FROM
INCLUDE recorded
WHERE started_at >= $start::TIMESTAMP AND started_at < $until::TIMESTAMP
    AND (len($models::VARCHAR[]) = 0 OR list_contains($models::VARCHAR[], model))
    AND (len($task_types::VARCHAR[]) = 0 OR list_contains($task_types::VARCHAR[], task_type))
    -- One tag is what is asked for most; the general form is much slower.
    AND (len($tag_keys::VARCHAR[]) < 1 OR tags[($tag_keys::VARCHAR[])[1]] = ($tag_values::VARCHAR[])[1])
    AND (len($tag_keys::VARCHAR[]) < 2 OR tags_of(tags, $tag_keys::VARCHAR[]) = $tag_values::VARCHAR[])
    AND (len($within::VARCHAR[]) < 1 OR list_contains(($within_values::VARCHAR[][])[1], member_of(($within::VARCHAR[])[1], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
    AND (len($within::VARCHAR[]) < 2 OR list_contains(($within_values::VARCHAR[][])[2], member_of(($within::VARCHAR[])[2], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
    AND (len($within::VARCHAR[]) < 3 OR list_contains(($within_values::VARCHAR[][])[3], member_of(($within::VARCHAR[])[3], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
    AND (len($within::VARCHAR[]) < 4 OR list_contains(($within_values::VARCHAR[][])[4], member_of(($within::VARCHAR[])[4], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
    AND (len($within::VARCHAR[]) < 5 OR list_contains(($within_values::VARCHAR[][])[5], member_of(($within::VARCHAR[])[5], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
    AND (len($within::VARCHAR[]) < 6 OR list_contains(($within_values::VARCHAR[][])[6], member_of(($within::VARCHAR[])[6], started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags)))
