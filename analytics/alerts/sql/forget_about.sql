-- Follows forget_notices.
DELETE FROM about WHERE notice_id NOT IN (SELECT notice_id FROM notice)
