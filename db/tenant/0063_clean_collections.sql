-- An alert that waits for clear_runs waits for readings of the collections that had findings.
ALTER TABLE config_collections
	ADD COLUMN IF NOT EXISTS clean SMALLINT UNSIGNED NOT NULL DEFAULT 0 -- 1 + readings without findings; 0: none counts
