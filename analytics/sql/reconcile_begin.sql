-- In which hour the first attempt began that the ledger knows of, be it only as a sum.
SELECT least((SELECT date_trunc('hour', min(started_at)) FROM usage), (SELECT min(hour) FROM hourly)) AS first_at
