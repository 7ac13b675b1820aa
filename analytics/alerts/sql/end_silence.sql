-- What has ended by itself stays as it is.
UPDATE silence SET until = :now WHERE silence_id = :silence_id AND until > :now
