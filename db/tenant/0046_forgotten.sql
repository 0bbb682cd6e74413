-- Collections that nobody reads any more are found by their last reading, and what a list of a report leaves out is counted.

ALTER TABLE config_collections ADD INDEX IF NOT EXISTS read_at (read_at)
--;;
ALTER TABLE drift_reports ADD COLUMN IF NOT EXISTS incomplete_more INT UNSIGNED NOT NULL DEFAULT 0
