-- A created resource that is like a deleted one of its category: for display only.
ALTER TABLE drift_changes
	ADD COLUMN IF NOT EXISTS renamed_from     VARCHAR(512) NULL, -- key of the deleted one; NULL: of none
	ADD COLUMN IF NOT EXISTS renamed_severity VARCHAR(8)   NULL  -- the worst of both and of what differs inside
--;;
ALTER TABLE drift_reports
	ADD COLUMN IF NOT EXISTS renamed INT UNSIGNED NOT NULL DEFAULT 0
