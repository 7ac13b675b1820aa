-- Note by which rules lines and charges are made from now on, beside those that made the ones already here.
INSERT INTO rule SELECT $lines, $rate WHERE NOT EXISTS (FROM rule WHERE lines = $lines AND rate = $rate)
