-- From when on attempts are kept, and their usage objects. What is gone stays gone: the latest boundary holds.
INSERT INTO boundary SELECT $attempts_from::TIMESTAMP, $usage_from::TIMESTAMP
