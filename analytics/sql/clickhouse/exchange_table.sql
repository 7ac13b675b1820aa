-- It takes the place of {table}.
EXCHANGE TABLES {table}_fresh AND {table};
DROP TABLE {table}_fresh
