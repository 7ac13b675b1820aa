-- Slots that were had long ago.
DELETE FROM slot WHERE claimed_at < :before
