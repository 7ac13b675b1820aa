-- What the guard knows. Amounts are whole nano-dollars, rounded up.

-- The budgets, as whoever has the ledger published them.
CREATE TABLE IF NOT EXISTS guarded (
    name       TEXT PRIMARY KEY,
    definition TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How often they have changed.
CREATE TABLE IF NOT EXISTS publication (
    count INTEGER NOT NULL
) STRICT;
INSERT INTO publication SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM publication);

-- What the ledger says was spent of each, as far as anything was; and the limit, where it is not the amount.
CREATE TABLE IF NOT EXISTS guarded_spend (
    budget  TEXT NOT NULL,
    members TEXT NOT NULL,
    period  TEXT NOT NULL,
    spent   INTEGER NOT NULL,
    "limit" INTEGER NOT NULL,
    PRIMARY KEY (budget, members, period)
) STRICT, WITHOUT ROWID;

-- What was set aside for attempts that the figures above do not have yet.
CREATE TABLE IF NOT EXISTS reservation (
    reservation_id TEXT NOT NULL,
    budget         TEXT NOT NULL,
    members        TEXT NOT NULL,
    period         TEXT NOT NULL,
    amount         INTEGER NOT NULL,
    in_ledger      INTEGER NOT NULL DEFAULT 0,   -- the part of it that the figures above do have
    call_id        TEXT NOT NULL,
    record_id      TEXT,                         -- of its record, once that is written
    owner          TEXT,                         -- the process that makes the attempt; none once it is over
    made_at        REAL NOT NULL,                -- seconds since 1970
    until          REAL NOT NULL,                -- counts no more from then on
    PRIMARY KEY (budget, members, period, reservation_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS reservation_by_id ON reservation (reservation_id);
