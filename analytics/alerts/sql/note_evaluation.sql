-- They have been up to now; a clock that was set back changes nothing.
INSERT INTO evaluation VALUES (1, :now)
ON CONFLICT (one) DO UPDATE SET evaluated_at = max(evaluated_at, excluded.evaluated_at)
