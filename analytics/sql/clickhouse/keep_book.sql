-- From when on attempts, and their usage objects, are kept: never earlier than it said before.
ALTER TABLE book UPDATE
    attempts_from = greatest(attempts_from, $attempts_from::TIMESTAMP),
    usage_from = greatest(usage_from, $usage_from::TIMESTAMP)
WHERE true SETTINGS mutations_sync = 1
