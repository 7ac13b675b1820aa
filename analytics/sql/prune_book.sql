-- From when on attempts are kept, and their usage objects. What is gone stays gone, so a boundary never moves back.
UPDATE book SET
    attempts_from = greatest(attempts_from, $attempts_from::TIMESTAMP),
    usage_from = greatest(usage_from, $usage_from::TIMESTAMP)
