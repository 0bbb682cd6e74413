-- Runs are asked for by their kind, too.
ALTER TABLE runs
	ADD INDEX IF NOT EXISTS kind (kind, id)
