-- So that an id is found without reading all that there is: of each kind of id what it lies between, part by part, as ids are mostly in
-- order of time; and of a call whether it is there at all.
ALTER TABLE attempt ADD INDEX IF NOT EXISTS by_record toUInt128(record_id) TYPE minmax GRANULARITY 1;

ALTER TABLE attempt ADD INDEX IF NOT EXISTS by_call call_id TYPE minmax GRANULARITY 1;

ALTER TABLE attempt ADD INDEX IF NOT EXISTS by_request request_id TYPE minmax GRANULARITY 1;

ALTER TABLE attempt ADD INDEX IF NOT EXISTS by_message message_id TYPE minmax GRANULARITY 1;

ALTER TABLE attempt ADD INDEX IF NOT EXISTS by_batch batch_id TYPE minmax GRANULARITY 1;

ALTER TABLE attempt ADD INDEX IF NOT EXISTS call call_id TYPE bloom_filter(0.01) GRANULARITY 4;
