-- What people said of the answer of a call; said again, it replaces what was said before.
CREATE TABLE feedback (
    call_id  VARCHAR NOT NULL,
    verdict  VARCHAR NOT NULL,                   -- good or bad
    note     VARCHAR,
    given_at TIMESTAMP NOT NULL                  -- UTC
);
