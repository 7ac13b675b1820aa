-- All that was seen.
SELECT name, value FROM sighting;
