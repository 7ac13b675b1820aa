"""The shared ledger: the same books on ClickHouse, for more machines than one."""
