-- Whether some lines, or some charges, may have been made by other rules than these.
SELECT coalesce(bool_or(lines <> $lines), false) AS lines, coalesce(bool_or(rate <> $rate), false) AS rate FROM rule
