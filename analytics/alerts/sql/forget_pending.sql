-- What has not fired within its period has not happened.
DELETE FROM alert WHERE state = 'pending' AND firings = 0 AND over_at <= :now
