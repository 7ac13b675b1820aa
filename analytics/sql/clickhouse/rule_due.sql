-- Whether some lines, or some charges, were made by other rules than these.
SELECT
    coalesce(max(splitByChar(' ', rules)[1] <> $lines), false) AS lines, coalesce(max(splitByChar(' ', rules)[2] <> $rate), false) AS rate
FROM attempt
