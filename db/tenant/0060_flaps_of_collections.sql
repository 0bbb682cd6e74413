-- What comes and goes is counted in readings of its collection.  A flap without a category is counted in checks of its config,
-- as it was before, until it comes or goes the next time.
ALTER TABLE config_collections
	ADD COLUMN IF NOT EXISTS checks BIGINT UNSIGNED NOT NULL DEFAULT 0 -- 0: nothing of it is counted
--;;
ALTER TABLE drift_flaps
	ADD COLUMN IF NOT EXISTS category VARBINARY(128) NULL
