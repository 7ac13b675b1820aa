-- The same by each of several.
CREATE OR REPLACE TEMP MACRO aspects_of(
    aspects, slot, tier, task_type, requested_model, model, shadow_model, budget, decision, reason, outcome, tenth
) AS list_transform(aspects, lambda aspect: aspect_of(aspect, slot, tier, task_type, requested_model, model, shadow_model, budget, decision, reason, outcome, tenth))
