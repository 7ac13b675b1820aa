-- Of what was staged, what nobody has taken into the ledger since it was read from the spool.
CREATE OR REPLACE TEMP TABLE unread AS
FROM staged
WHERE byte_offset >= coalesce((SELECT max(consumed) FROM segment WHERE segment.name = staged.segment), 0)
