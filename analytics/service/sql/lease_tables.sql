-- Who works at this home: at most one row. Times are UTC, in ISO 8601 with microseconds.
CREATE TABLE IF NOT EXISTS lease (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    holder TEXT NOT NULL, -- at random, as a pid comes again
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    since TEXT NOT NULL,
    renewed_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
