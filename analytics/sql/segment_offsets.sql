-- How far each segment of the spool was read, in bytes.
SELECT name, max(consumed) AS consumed FROM segment GROUP BY name
