-- What the re-rating that was put on record last changed.
INSERT INTO rerating_change
SELECT
    (SELECT max(rerating_id) FROM rerating), change.1, change.2, change.3, change.4, change.5,
    toDecimal128(change.6, 18), toDecimal128(change.7, 18), toDecimal128(change.8, 18), toDecimal128(change.9, 18)
FROM (SELECT arrayJoin(JSONExtract($changes::VARCHAR, 'Array(Tuple(
    model Nullable(String), cause Nullable(String), lines Int64, unpriced_before Int64, unpriced_after Int64,
    list_cost_before Nullable(String), list_cost_after Nullable(String), contracted_cost_before Nullable(String),
    contracted_cost_after Nullable(String)))')) AS change)
