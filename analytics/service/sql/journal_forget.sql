-- Jobs that another version or another setting had: nobody waits for them any more.
DELETE FROM job_run WHERE job NOT IN (SELECT value FROM json_each(:jobs));
