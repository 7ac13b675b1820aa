-- A clock that was ahead when a rule was evaluated holds it up no longer.
UPDATE evaluated SET evaluated_at = :now WHERE rule = :rule AND evaluated_at > :now
