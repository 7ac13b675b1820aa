-- One day for each job: a wrong clock can at worst have it done once more.
INSERT INTO job_slot (job, day) VALUES (:job, :day) ON CONFLICT (job) DO UPDATE SET day = excluded.day;
