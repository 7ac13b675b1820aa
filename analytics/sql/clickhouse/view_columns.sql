-- The columns of a view, in its order, and what they mean.
SELECT name, replaceRegexpAll(type, 'LowCardinality\\(((?:[^()]|\\([^()]*\\))*)\\)', '\\1') AS type, comment FROM system.columns
WHERE database = currentDatabase() AND table = $view
    AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View' AND comment <> '')
ORDER BY position
