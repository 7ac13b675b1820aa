-- One alert, without its key.
SELECT alert_id, state, since, severity, over_at, ended_by, voice, firings, streak, reminders, slot
FROM alert WHERE alert_id = ?
