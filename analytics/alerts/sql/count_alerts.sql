-- How many alerts there are in each state.
SELECT state, count(*) FROM alert GROUP BY state
