-- What attempts are read from; here each has its lines beside it.
attempt FINAL
