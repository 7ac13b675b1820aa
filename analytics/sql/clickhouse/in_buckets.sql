-- The same as ../in_buckets.sql, for an engine that would else compare every attempt with every part: ASOF asks for an equality, too.
ASOF JOIN (SELECT *, 0::UInt8 AS nothing FROM bucket) AS bucket ON bucket.nothing = ignore(started_at) AND started_at >= bucket.start
