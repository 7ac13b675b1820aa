-- What a decision is a member of by one aspect; NULL if it has none.
CREATE OR REPLACE TEMP MACRO aspect_of(
    aspect, slot, tier, task_type, requested_model, model, shadow_model, budget, decision, reason, outcome, confidence
) AS CASE aspect
    WHEN 'slot' THEN slot::VARCHAR
    WHEN 'tier' THEN tier
    WHEN 'task_type' THEN task_type
    WHEN 'requested_model' THEN requested_model
    WHEN 'model' THEN model
    WHEN 'shadow_model' THEN shadow_model
    WHEN 'budget' THEN budget
    WHEN 'decision' THEN decision
    WHEN 'reason' THEN reason
    WHEN 'outcome' THEN outcome
    WHEN 'confidence' THEN confidence::DECIMAL(2, 1)::VARCHAR
END
