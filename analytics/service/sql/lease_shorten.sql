-- No lease lasts longer than a new one would: the clock was set back since it was taken.
UPDATE lease SET expires_at = :expires_at WHERE expires_at > :expires_at;
