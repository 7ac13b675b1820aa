-- The budgets have changed.
UPDATE publication SET count = count + 1
