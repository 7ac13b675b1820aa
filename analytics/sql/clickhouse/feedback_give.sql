-- Keep what was said of a call; what is said last holds. No row comes back if the ledger knows no such call.
INSERT INTO feedback
SELECT DISTINCT call_id, $verdict::VARCHAR, $note::VARCHAR, $given_at::TIMESTAMP FROM usage WHERE call_id = $call_id::VARCHAR;

SELECT DISTINCT call_id FROM usage WHERE call_id = $call_id::VARCHAR
