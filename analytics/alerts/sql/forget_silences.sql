-- Silences that ended long ago.
DELETE FROM silence WHERE until < :before
