-- Only the newest of each counts.
INSERT INTO sighting (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value;
