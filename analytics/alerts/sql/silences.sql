-- Silences that have not ended, the next to end first.
SELECT silence_id, rule, scope, begun_at, until, author, reason FROM silence WHERE until > ? ORDER BY until
