-- Up to when periods that end have been looked at.
SELECT evaluated_at FROM evaluation
