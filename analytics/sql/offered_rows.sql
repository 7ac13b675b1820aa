-- The attempts of that period (rerate_period.sql) that this connection sees, with their lines and charges, as what is offered.
CREATE OR REPLACE TEMP VIEW offered_usage AS FROM usage WHERE started_at >= (SELECT "start" FROM rerated_period) AND started_at < (SELECT until FROM rerated_period);
CREATE OR REPLACE TEMP VIEW offered_line AS FROM line WHERE started_at >= (SELECT "start" FROM rerated_period) AND started_at < (SELECT until FROM rerated_period);
CREATE OR REPLACE TEMP VIEW offered_charge AS FROM charge WHERE started_at >= (SELECT "start" FROM rerated_period) AND started_at < (SELECT until FROM rerated_period)
