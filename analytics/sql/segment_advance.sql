INSERT INTO segment SELECT unnest($names::VARCHAR[]), unnest($consumed::BIGINT[])
