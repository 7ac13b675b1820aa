-- A silence begins.
INSERT INTO silence (silence_id, rule, scope, begun_at, until, author, reason)
VALUES (:silence_id, :rule, :scope, :begun_at, :until, :author, :reason)
