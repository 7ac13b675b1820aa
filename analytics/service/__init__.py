"""Service: what `tollgate serve` does round the clock, once however many run, and what it tells those who watch it."""
