-- Everything about every job.
SELECT job, every_seconds, started_at, succeeded_at, failed_at, said, successes, failures, delays, seconds FROM job_run ORDER BY job;
