-- An empty table beside {table}, like it.
CREATE OR REPLACE TABLE {table}_fresh AS {table}
