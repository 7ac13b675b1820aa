-- The lease is for its holder to renew, and for anybody once it has expired.
INSERT INTO lease (only_one, holder, host, pid, since, renewed_at, expires_at)
VALUES (1, :holder, :host, :pid, :now, :now, :expires_at)
ON CONFLICT (only_one) DO UPDATE SET
    holder = excluded.holder,
    host = excluded.host,
    pid = excluded.pid,
    since = CASE WHEN lease.holder = excluded.holder THEN lease.since ELSE excluded.since END,
    renewed_at = excluded.renewed_at,
    expires_at = excluded.expires_at
WHERE lease.holder = excluded.holder OR lease.expires_at <= :now;
