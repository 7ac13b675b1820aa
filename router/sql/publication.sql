-- How often the budgets have changed.
SELECT count FROM publication
