-- Who called, and from where, as far as the record says.
ALTER TABLE usage ADD COLUMN region VARCHAR;
ALTER TABLE usage ADD COLUMN workspace_id VARCHAR;
ALTER TABLE usage ADD COLUMN user_id VARCHAR;
ALTER TABLE usage ADD COLUMN key_fingerprint VARCHAR;

-- Of records with one id the highest revision holds: a stream's record is opened, then closed.
ALTER TABLE usage ADD COLUMN revision BIGINT;
