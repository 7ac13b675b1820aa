-- What people may ask in SQL: the views that say what they are. Others are ours, and may change.
SELECT name, comment FROM system.tables
WHERE database = currentDatabase() AND engine = 'View' AND comment <> ''
ORDER BY name
