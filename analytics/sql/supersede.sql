-- Make room for the higher revision of a record: the lower one goes, with its lines and charges.
DELETE FROM charge WHERE record_id IN (SELECT record_id FROM fresh WHERE superseding);
DELETE FROM line WHERE record_id IN (SELECT record_id FROM fresh WHERE superseding);
DELETE FROM usage WHERE record_id IN (SELECT record_id FROM fresh WHERE superseding);
