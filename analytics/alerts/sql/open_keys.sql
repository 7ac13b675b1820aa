-- Alerts that an evaluation has to look at. One that a person resolved counts again only after it has cleared.
SELECT rule, scope, period, threshold, state FROM alert WHERE state <> 'resolved' OR ended_by = 'hand'
