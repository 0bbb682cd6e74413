-- What moved in arrays whose order counts is counted by itself, and a report says which arrays were compared without
-- keys: JSON array of {category, key, path, note}.
ALTER TABLE drift_reports
	ADD COLUMN IF NOT EXISTS moved INT UNSIGNED NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS notes LONGTEXT NULL;
