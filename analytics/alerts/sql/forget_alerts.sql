-- Alerts that ended long ago. What a person resolved and has not cleared since is still under watch.
DELETE FROM alert WHERE state = 'resolved' AND ended_by <> 'hand' AND since < :before
