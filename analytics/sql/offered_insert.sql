-- The fresh records with their lines and charges, in the order of time: that makes "the last days" a cheap question.
INSERT INTO usage BY NAME FROM offered_usage SEMI JOIN fresh USING (record_id) ORDER BY started_at;
INSERT INTO line BY NAME FROM offered_line SEMI JOIN fresh USING (record_id) ORDER BY started_at, record_id, line_number;
INSERT INTO charge BY NAME FROM offered_charge SEMI JOIN fresh USING (record_id) ORDER BY started_at, record_id, line_number;
