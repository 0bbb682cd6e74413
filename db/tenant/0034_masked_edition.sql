
-- Under which edition of comparing the stored copies of a config's values are masked: driftd brings those of before to
-- that of now, once the config itself is there.
ALTER TABLE drift_configs
	ADD COLUMN IF NOT EXISTS masked_edition TINYINT UNSIGNED NOT NULL DEFAULT 1
