-- As ../aspects_of.sql has it.
CREATE OR REPLACE TEMP MACRO aspects_of(
    aspects, slot, tier, task_type, requested_model, model, shadow_model, budget, decision, reason, outcome, tenth
) AS arrayMap(aspect -> aspect_of(aspect, slot, tier, task_type, requested_model, model, shadow_model, budget, decision, reason, outcome, tenth), aspects)
