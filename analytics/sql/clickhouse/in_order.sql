-- What ids are compared by, as ../in_order.sql has it.
CREATE OR REPLACE TEMP MACRO in_order(record_id) AS toUInt128(record_id)
