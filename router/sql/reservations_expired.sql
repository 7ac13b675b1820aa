-- What counts no more.
DELETE FROM reservation WHERE until <= :now
