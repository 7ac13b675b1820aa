-- The processes that have attempts under way.
SELECT DISTINCT owner FROM reservation WHERE owner IS NOT NULL
