INSERT INTO migration VALUES ($number, $name)
