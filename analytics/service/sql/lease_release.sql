-- Only who has the lease can give it back.
DELETE FROM lease WHERE holder = :holder;
