-- From now on these are the roll-ups.
INSERT INTO making
SELECT toDateTime64($first::TIMESTAMP, 6, 'UTC') + toIntervalHour(number), $made::TIMESTAMP
FROM numbers(dateDiff('hour', $first::TIMESTAMP, $until::TIMESTAMP))
