-- Everything that the spool has seen is in the ledger.
UPDATE book SET batches = greatest(batches, $batches)
