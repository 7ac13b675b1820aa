-- What questions call by name: the macros of a DuckDB ledger, of the same text. Whoever changes one has a new migration include it.
INCLUDE member_of
;
INCLUDE decision_of
;
INCLUDE aspect_of
;
INCLUDE cost_at
;
INCLUDE counts_of
;
INCLUDE in_seconds
;
INCLUDE in_order
;
