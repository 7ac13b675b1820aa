"""The batch path: the ledger that usage lands in, its prices, and the questions people ask of it."""
