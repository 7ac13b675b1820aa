-- What stands behind an id, as the ledger's own view of that name has it, of the tables that were extracted.
CREATE OR REPLACE TEMP VIEW known_id AS
SELECT platform, id, model, scope FROM contract_id
UNION ALL
SELECT platform, id, model, scope FROM model_id ANTI JOIN contract_id USING (platform, id)
