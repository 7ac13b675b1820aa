-- How the messages stand. What was given up long ago is nobody's problem any more, and a test, which has no lifetime,
-- never was.
SELECT
    count(*) FILTER (WHERE state = 'waiting') AS waiting,
    count(*) FILTER (WHERE state = 'delivered') AS delivered,
    count(*) FILTER (
        WHERE state IN ('expired', 'refused') AND settled_at > :given_up_after AND expires_at > created_at
    ) AS undelivered
FROM parcel
