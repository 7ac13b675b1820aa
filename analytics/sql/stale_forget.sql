-- Their roll-ups are true again.
DELETE FROM stale WHERE slice >= $first AND slice < $until
