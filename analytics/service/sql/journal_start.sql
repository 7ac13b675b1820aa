-- As of its start, so that one that never ends shows.
UPDATE job_run SET started_at = :now WHERE job = :job;
