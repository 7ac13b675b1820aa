-- The attempts that a receipt is asked for.
CREATE TEMP TABLE fresh (record_id UUID)
