-- What ids are compared by: ClickHouse looks at the second half of a UUID first.
CREATE OR REPLACE TEMP MACRO in_order(record_id) AS record_id
