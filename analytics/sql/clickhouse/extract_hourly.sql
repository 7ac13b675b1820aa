-- The roll-ups of what was pruned.
SELECT * FROM hourly WHERE hour < (SELECT attempts_from FROM book)
