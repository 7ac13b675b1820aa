-- Attempts of a period (rerate_period.sql) that were extracted take the place of what the ledger {ledger} has of it.
DELETE FROM {ledger}.usage WHERE started_at >= (SELECT "start" FROM rerated_period) AND started_at < (SELECT until FROM rerated_period);
DELETE FROM {ledger}.line WHERE started_at >= (SELECT "start" FROM rerated_period) AND started_at < (SELECT until FROM rerated_period);
DELETE FROM {ledger}.charge WHERE started_at >= (SELECT "start" FROM rerated_period) AND started_at < (SELECT until FROM rerated_period);
INSERT INTO {ledger}.usage BY NAME FROM temp.main.usage;
INSERT INTO {ledger}.line BY NAME FROM temp.main.line;
INSERT INTO {ledger}.charge BY NAME FROM temp.main.charge;
INSERT INTO {ledger}.stale
SELECT slice FROM (SELECT DISTINCT time_bucket(INTERVAL 5 MINUTES, started_at) AS slice FROM temp.main.usage) WHERE slice NOT IN (SELECT slice FROM {ledger}.stale)
