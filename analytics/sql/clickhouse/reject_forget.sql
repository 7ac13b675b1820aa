-- What was tried again and is a record after all.
DELETE FROM reject WHERE has(arrayZip($segments::VARCHAR[], $offsets::BIGINT[]), (segment, byte_offset))
