-- Roll-ups of what was pruned take the place of those of the ledger {ledger}, which is told since when it has attempts.
UPDATE {ledger}.book SET attempts_from = (SELECT attempts_from FROM temp.main.book), usage_from = (SELECT usage_from FROM temp.main.book);
DELETE FROM {ledger}.hourly WHERE hour < (SELECT attempts_from FROM temp.main.book);
DELETE FROM {ledger}.hourly_note WHERE hour < (SELECT attempts_from FROM temp.main.book);
INSERT INTO {ledger}.hourly BY NAME FROM temp.main.hourly;
INSERT INTO {ledger}.hourly_note BY NAME FROM temp.main.hourly_note
