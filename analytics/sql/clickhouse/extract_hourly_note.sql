-- What was odd about it.
SELECT * FROM hourly_note WHERE hour < (SELECT attempts_from FROM book)
