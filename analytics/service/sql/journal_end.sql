-- A delay is no failure, and no success either.
UPDATE job_run SET
    succeeded_at = iif(:outcome = 'success', :now, succeeded_at),
    failed_at = iif(:outcome = 'success', failed_at, :now),
    said = iif(:outcome = 'success', said, :said),
    successes = successes + (:outcome = 'success'),
    failures = failures + (:outcome = 'failure'),
    delays = delays + (:outcome = 'delay'),
    seconds = seconds + :seconds
WHERE job = :job;
