-- Where an alert stands now.
INSERT OR REPLACE INTO alert (
    alert_id, rule, scope, period, threshold, state, since, severity,
    over_at, ended_by, voice, firings, streak, reminders, slot
) VALUES (
    :alert_id, :rule, :scope, :period, :threshold, :state, :since, :severity,
    :over_at, :ended_by, :voice, :firings, :streak, :reminders, :slot
)
