-- Free for the next who comes.
UPDATE parcel SET holder = NULL, leased_until = NULL WHERE state = 'waiting' AND holder = :holder
