-- The latest moment of which a rule was evaluated; time does not go back, even if the clock does.
INSERT INTO evaluated (rule, evaluated_at) VALUES (:rule, :now)
ON CONFLICT (rule) DO UPDATE SET evaluated_at = max(evaluated_at, excluded.evaluated_at)
RETURNING evaluated_at
