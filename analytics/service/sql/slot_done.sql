-- The local day for which a daily job was done last.
SELECT day FROM job_slot WHERE job = :job;
