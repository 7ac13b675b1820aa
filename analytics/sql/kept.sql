-- How far back attempts, and their usage objects, reach; NULL: to the first.
SELECT attempts_from, usage_from FROM book
