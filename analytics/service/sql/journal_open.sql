-- A job that is there now, with what is known of it from before.
INSERT INTO job_run (job, every_seconds) VALUES (:job, :every_seconds)
ON CONFLICT (job) DO UPDATE SET every_seconds = excluded.every_seconds;
