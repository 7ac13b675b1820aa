-- The attempts that are asked about, as the temporary table `chosen`: what each is a member of by $by, the model that it is to
-- move to ($models and $targets, by what $keyed says; NULL: it stays), and, where caches are to be followed, whose cache it
-- used: attempts with the same tags, user, key, platform and requested model are taken for one conversation, as in
-- routing_turns.sql.
CREATE OR REPLACE TEMP TABLE chosen AS
SELECT
    record_id,
    model AS served,
    member_of($by, started_at, model, requested_model, task_type, tier, platform, region, workspace_id, user_id, key_fingerprint, status, tags) AS member,
    map($keys::VARCHAR[], $targets::VARCHAR[])[if($keyed = 'model', model, task_type)] AS target,
    if($follow, hash(tags, user_id, workspace_id, key_fingerprint, platform, region, requested_model), NULL) AS conversation,
    batch_id IS NOT NULL AS batched
FROM (
INCLUDE attempts_of
    )
