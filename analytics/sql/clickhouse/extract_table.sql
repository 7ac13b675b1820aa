-- A small table, whole.
SELECT * FROM $table::IDENTIFIER
