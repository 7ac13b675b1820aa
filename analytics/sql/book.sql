-- How many batches were taken in, and since when attempts and their usage objects are kept.
FROM book
