-- Whether somebody has it.
SELECT 1 FROM slot WHERE job = ? AND slot = ?
