-- What a record says of a decision, for decided.sql and calls_page.sql. A reason is `coding (0.83, before analysis 0.05); up from
-- haiku`: what comes first, and what comes of it; in shadow it is that of the decision which was not followed.
CREATE OR REPLACE TEMP MACRO because_of(reason) AS regexp_replace(reason, '^shadow: ', '');
CREATE OR REPLACE TEMP MACRO budget_of(reason) AS nullif(regexp_extract(because_of(reason), '^budget (.*) is spent: ', 1), '');
CREATE OR REPLACE TEMP MACRO reason_of(reason) AS trim(regexp_extract(
    if(budget_of(reason) IS NULL, because_of(reason), substring(because_of(reason), length('budget ' || budget_of(reason) || ' is spent: ') + 1)),
    '^[^(;:,]*', 0));
CREATE OR REPLACE TEMP MACRO outcome_of(reason) AS nullif(trim(regexp_extract(because_of(reason), ';([^;:]*)[^;]*$', 1)), '');
CREATE OR REPLACE TEMP MACRO tenth_of(confidence) AS CASE WHEN confidence >= 0 THEN least(floor(confidence * 10), 9)::INTEGER END;
-- `asked_by` is the tag `tollgate`, of calls that Tollgate itself makes.
CREATE OR REPLACE TEMP MACRO decision_of(reason, requested_model, sent_model, shadow_model, asked_by) AS CASE
    WHEN coalesce(asked_by = 'second_opinion', false) THEN 'second_opinion'
    WHEN reason IS NULL THEN 'undecided'
    WHEN starts_with(reason, 'back to the model named') THEN 'taken_back'
    WHEN shadow_model IS NOT NULL THEN 'shadow'
    WHEN budget_of(reason) IS NOT NULL THEN 'budget'
    WHEN starts_with(reason, 'pinned') THEN 'pinned'
    WHEN requested_model = 'auto' THEN 'left_open'
    WHEN sent_model <> requested_model THEN 'stepped_down'
    ELSE 'kept'
END
