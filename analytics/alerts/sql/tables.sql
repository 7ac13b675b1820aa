-- What alerts keep. Moments are ISO 8601 in UTC, all of the same length.

-- alert.py, states.py: where each alert stands. There is a row only once its condition has held.
CREATE TABLE IF NOT EXISTS alert (
    alert_id TEXT PRIMARY KEY, -- a digest of the four that follow
    rule TEXT NOT NULL,
    scope TEXT NOT NULL,
    period TEXT NOT NULL,
    threshold TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'firing', 'acknowledged', 'resolved')),
    since TEXT NOT NULL,
    severity TEXT NOT NULL,
    over_at TEXT, -- when its period is over
    ended_by TEXT CHECK (ended_by IN ('cleared', 'over', 'hand')), -- the last firing
    voice TEXT NOT NULL CHECK (voice IN ('told', 'silenced', 'muted')), -- whether the last firing was said
    firings INTEGER NOT NULL,
    streak INTEGER NOT NULL, -- firings without a quiet day between them
    reminders INTEGER NOT NULL,
    slot INTEGER NOT NULL, -- of the last reminder, counted from the last firing
    UNIQUE (rule, scope, period, threshold)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS alert_open ON alert (over_at) WHERE state <> 'resolved' OR ended_by = 'hand';

-- states.py: what happened to alerts, each thing once.
CREATE TABLE IF NOT EXISTS event (
    alert_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('fired', 'told', 'reminder', 'acknowledged', 'resolved')),
    n INTEGER NOT NULL, -- of the firing; of a reminder its own
    happened_at TEXT NOT NULL,
    said INTEGER NOT NULL, -- whether anybody was to be told
    author TEXT, -- where a person did it
    note TEXT,
    PRIMARY KEY (alert_id, kind, n)
) STRICT, WITHOUT ROWID;

-- states.py: the latest moment of which a rule was evaluated.
CREATE TABLE IF NOT EXISTS evaluated (
    rule TEXT PRIMARY KEY,
    evaluated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- silences.py: which alerts are not spoken of for a while.
CREATE TABLE IF NOT EXISTS silence (
    silence_id TEXT PRIMARY KEY,
    rule TEXT NOT NULL,
    scope TEXT NOT NULL, -- a pattern; * is every scope
    begun_at TEXT NOT NULL,
    until TEXT NOT NULL,
    author TEXT,
    reason TEXT
) STRICT, WITHOUT ROWID;

-- outbox.py: what there is to say, once for all who are told.
CREATE TABLE IF NOT EXISTS notice (
    notice_id TEXT PRIMARY KEY,
    thread TEXT NOT NULL,
    rule TEXT NOT NULL,
    notice TEXT NOT NULL, -- JSON
    created_at TEXT NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS notice_thread ON notice (thread);

-- outbox.py: one notice for one recipient, and what became of it.
CREATE TABLE IF NOT EXISTS parcel (
    parcel_id TEXT PRIMARY KEY, -- a digest of notice, carrier and recipient
    notice_id TEXT NOT NULL,
    carrier TEXT NOT NULL,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'expired', 'refused')),
    created_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    tries INTEGER NOT NULL,
    leased_until TEXT,
    holder TEXT, -- of the lease
    said TEXT, -- by the other side, the last time
    settled_at TEXT
) STRICT;

CREATE INDEX IF NOT EXISTS parcel_waiting ON parcel (carrier, due_at) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS parcel_notice ON parcel (notice_id);

-- outbox.py: which alerts a notice is about.
CREATE TABLE IF NOT EXISTS about (
    alert_id TEXT NOT NULL,
    notice_id TEXT NOT NULL,
    PRIMARY KEY (alert_id, notice_id)
) STRICT, WITHOUT ROWID;

-- slots.py: what is done once a slot, such as a digest once a day.
CREATE TABLE IF NOT EXISTS slot (
    job TEXT NOT NULL,
    slot TEXT NOT NULL,
    claimed_at TEXT NOT NULL,
    PRIMARY KEY (job, slot)
) STRICT, WITHOUT ROWID;

-- evaluation.py: the latest moment up to which periods that end have been looked at; one row.
CREATE TABLE IF NOT EXISTS evaluation (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    evaluated_at TEXT NOT NULL
) STRICT;
