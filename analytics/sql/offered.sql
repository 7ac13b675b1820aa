-- Out of the way of the ledger's own tables.
DROP TABLE IF EXISTS offered_usage;
DROP TABLE IF EXISTS offered_line;
DROP TABLE IF EXISTS offered_charge;
ALTER TABLE usage RENAME TO offered_usage;
ALTER TABLE line RENAME TO offered_line;
ALTER TABLE charge RENAME TO offered_charge;
