-- Only the calls of a scope: as temporary views these stand before the tables of the ledger {ledger}, so that no question has
-- to know of it. Lines and charges are found by way of attempts; notes do not say whose they are, so there are none.
-- Whatever is not certain to be in the scope is outside of it: a tag that is missing, and everything if there is no scope.
CREATE OR REPLACE TEMP MACRO in_scope(tags) AS coalesce(
    len(list_filter(map_entries(getvariable('scope')), lambda one: NOT coalesce(list_contains(one.value, tags[one.key]), false))) = 0,
    false);

CREATE OR REPLACE TEMP VIEW usage AS FROM {ledger}.usage WHERE in_scope(tags);
CREATE OR REPLACE TEMP VIEW hourly AS FROM {ledger}.hourly WHERE in_scope(tags);
CREATE OR REPLACE TEMP VIEW hourly_note AS FROM {ledger}.hourly_note LIMIT 0
