-- What a report holds is bounded: it says how many of its changes have a path that is shown shortened.

ALTER TABLE drift_reports
	ADD COLUMN IF NOT EXISTS shortened INT UNSIGNED NOT NULL DEFAULT 0
