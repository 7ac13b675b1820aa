-- Of what is offered, leave what is new.
DELETE FROM offered_usage WHERE record_id NOT IN (SELECT record_id FROM fresh);
DELETE FROM offered_line WHERE record_id NOT IN (SELECT record_id FROM fresh);
DELETE FROM offered_charge WHERE record_id NOT IN (SELECT record_id FROM fresh)
