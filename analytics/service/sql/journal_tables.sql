-- What became of each job, and what was seen last. Times are UTC, in ISO 8601.
CREATE TABLE IF NOT EXISTS job_run (
    job TEXT PRIMARY KEY,
    every_seconds REAL NOT NULL,
    started_at TEXT,
    succeeded_at TEXT,
    failed_at TEXT, -- or was put off
    said TEXT, -- why the last run that did not succeed did not
    successes INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    delays INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0 -- of all its runs
);
CREATE TABLE IF NOT EXISTS job_slot (job TEXT PRIMARY KEY, day TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sighting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
