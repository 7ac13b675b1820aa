-- The columns of an answer, with their types, without asking.
DESCRIBE TABLE ({question})
