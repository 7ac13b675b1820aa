-- Who has the lease, or had it last.
SELECT holder, host, pid, since, renewed_at, expires_at FROM lease;
