-- Keep what was said of a call, in place of what was said before; no row comes back if the ledger knows no such call.
MERGE INTO feedback
USING (SELECT DISTINCT call_id FROM usage WHERE call_id = $call_id) AS known USING (call_id)
WHEN MATCHED THEN UPDATE SET verdict = $verdict, note = $note, given_at = $given_at
WHEN NOT MATCHED THEN INSERT (call_id, verdict, note, given_at) VALUES (known.call_id, $verdict, $note, $given_at)
RETURNING call_id
