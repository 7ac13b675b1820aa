-- What a re-rating did to contracted costs: a change of the contract alone leaves the list costs as they were.
ALTER TABLE rerating_change ADD COLUMN contracted_cost_before DECIMAL(38, 18);
ALTER TABLE rerating_change ADD COLUMN contracted_cost_after DECIMAL(38, 18);
