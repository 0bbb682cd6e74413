-- Maintenance windows, what suppresses a finding, and the numbers of each day that analytics read.

ALTER TABLE silences
	ADD COLUMN IF NOT EXISTS kind     VARCHAR(16)  NOT NULL DEFAULT 'silence', -- silence, maintenance
	ADD COLUMN IF NOT EXISTS ended_at DATETIME(3)  NULL,                       -- by hand, before expires_at
	ADD COLUMN IF NOT EXISTS ended_by VARCHAR(254) NULL
--;;
ALTER TABLE drift_reports
	ADD COLUMN IF NOT EXISTS suppressed LONGTEXT NULL -- JSON array of {by, changes}
--;;
ALTER TABLE drift_changes
	ADD COLUMN IF NOT EXISTS suppressed_by VARCHAR(64) NULL -- kind:id of the silence that covered it
--;;
ALTER TABLE drift_findings
	ADD INDEX IF NOT EXISTS accepted (status, promoted, expires_at)
--;;
-- Sums of a day (UTC, days since 1970-01-01), written with each report: how many changes it counted, and how many
-- findings were new in it.  They begin with this table: grouping all the changes there are could take minutes.
CREATE TABLE IF NOT EXISTS drift_daily (
	kind      VARCHAR(8)      NOT NULL, -- severity, rule, resource
	day       INT UNSIGNED    NOT NULL,
	config_id BINARY(16)      NOT NULL,
	name      BINARY(16)      NOT NULL, -- hash of config, category and label: what is grouped by is short
	category  VARBINARY(128)  NOT NULL, -- of a resource; else empty
	label     VARBINARY(512)  NOT NULL, -- severity, rule, or the resource's key
	changes   BIGINT UNSIGNED NOT NULL, -- of a resource: not kept, 0
	findings  BIGINT UNSIGNED NOT NULL,
	PRIMARY KEY (kind, day, config_id, name),
	KEY config (config_id, day)
)
