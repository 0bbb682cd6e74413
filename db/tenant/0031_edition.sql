
-- Under which edition of comparing (drift/engine/compare.h) a config's findings were made: those that are there, the
-- first; who makes a config says which.
ALTER TABLE drift_configs
	ADD COLUMN IF NOT EXISTS edition TINYINT UNSIGNED NOT NULL DEFAULT 1;
