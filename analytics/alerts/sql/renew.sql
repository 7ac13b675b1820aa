-- Who is still carrying keeps the lease of the rest.
UPDATE parcel SET leased_until = :leased_until WHERE state = 'waiting' AND holder = :holder
