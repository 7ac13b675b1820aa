-- What joins an attempt with the part of the period in which it began. The parts are in order, and one begins where another ends.
JOIN bucket ON started_at >= bucket.start AND started_at < bucket.until
