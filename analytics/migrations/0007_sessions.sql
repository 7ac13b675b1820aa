-- How long a managed session was at work: billed by the hour, beside its tokens.
ALTER TABLE line ADD COLUMN active_seconds DECIMAL(18, 3);
UPDATE line SET active_seconds = 0;
