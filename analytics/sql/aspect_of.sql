-- What a decision is a member of by one aspect; NULL if it has none. And by several.
CREATE OR REPLACE TEMP MACRO aspect_of(
    aspect, slot, tier, task_type, requested_model, model, shadow_model, budget, decision, reason, outcome, tenth
) AS CASE
    WHEN aspect = 'slot' THEN slot::VARCHAR
    WHEN aspect = 'tier' THEN tier
    WHEN aspect = 'task_type' THEN task_type
    WHEN aspect = 'requested_model' THEN requested_model
    WHEN aspect = 'model' THEN model
    WHEN aspect = 'shadow_model' THEN shadow_model
    WHEN aspect = 'budget' THEN budget
    WHEN aspect = 'decision' THEN decision
    WHEN aspect = 'reason' THEN reason
    WHEN aspect = 'outcome' THEN outcome
    WHEN aspect = 'confidence' THEN '0.' || tenth::VARCHAR
END;
INCLUDE aspects_of
