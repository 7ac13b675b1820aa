-- The first who comes has it.
INSERT INTO slot (job, slot, claimed_at) VALUES (:job, :slot, :now) ON CONFLICT DO NOTHING
