-- Their roll-ups are true again.
DELETE FROM stale WHERE hour >= $first AND hour < $until
