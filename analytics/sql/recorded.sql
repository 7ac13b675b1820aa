-- What attempts are read from.
usage
