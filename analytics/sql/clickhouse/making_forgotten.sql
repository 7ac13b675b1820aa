-- Roll-ups that are no longer shown, and that nobody is still reading.
DELETE FROM hourly_made WHERE made < now64(6, 'UTC') - INTERVAL 1 HOUR AND (hour, made) NOT IN (SELECT hour, made FROM making FINAL);
DELETE FROM hourly_note_made WHERE made < now64(6, 'UTC') - INTERVAL 1 HOUR AND (hour, made) NOT IN (SELECT hour, made FROM making FINAL);
