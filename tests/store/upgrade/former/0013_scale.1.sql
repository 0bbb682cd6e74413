-- Lists by key at any size, and the end of what is old.

-- The status a row holds is that of its finding as long as its report is the newest of its config: whoever decides about
-- a finding writes it there too.  In older reports it is what it was when they were the newest.
ALTER TABLE drift_changes
	ADD INDEX IF NOT EXISTS by_severity (report_id, severity, status, position),
	ADD INDEX IF NOT EXISTS by_category (report_id, category, position),
	ADD INDEX IF NOT EXISTS by_all (report_id, category, severity, status, position),
	ADD INDEX IF NOT EXISTS finding (config_id, fingerprint, report_id),
	DROP INDEX IF EXISTS fingerprint
--;;
UPDATE drift_changes c JOIN config_state s ON s.report_id = c.report_id
	JOIN drift_findings f ON f.config_id = c.config_id AND f.fingerprint = c.fingerprint AND f.value_hash = c.value_hash
	SET c.status = f.status WHERE c.status <> f.status
--;;
ALTER TABLE drift_reports
	ADD INDEX IF NOT EXISTS status (status, id),
	ADD INDEX IF NOT EXISTS config_status (config_id, status, id),
	ADD INDEX IF NOT EXISTS finished (config_id, finished_at)
--;;
ALTER TABLE config_snapshots
	ADD INDEX IF NOT EXISTS config (config_id, id),
	ADD INDEX IF NOT EXISTS report (report_id)
--;;
ALTER TABLE alerts
	ADD INDEX IF NOT EXISTS status (status, id),
	ADD INDEX IF NOT EXISTS severity (severity, id),
	ADD INDEX IF NOT EXISTS kind (kind, id),
	ADD INDEX IF NOT EXISTS config_status (config_id, status, id),
	ADD INDEX IF NOT EXISTS report (report_id),
	ADD INDEX IF NOT EXISTS resolved (config_id, resolved_at)
--;;
ALTER TABLE drift_findings
	ADD INDEX IF NOT EXISTS ended (config_id, status, updated_at),
	DROP INDEX IF EXISTS live
--;;
ALTER TABLE drift_history
	ADD INDEX IF NOT EXISTS age (config_id, at),
	DROP INDEX IF EXISTS config
--;;
-- Reports that are gone and whose changes go a round at a time.
CREATE TABLE IF NOT EXISTS dropped_reports (
	id         BINARY(16)  NOT NULL PRIMARY KEY,
	dropped_at DATETIME(3) NOT NULL
)
--;;
-- A resource's id begins as its config's does, so that a push works on few pages.
UPDATE resources SET id = CONCAT(LEFT(config_id, 6), LEFT(id, 10)) WHERE LEFT(id, 6) <> LEFT(config_id, 6)
--;;
UPDATE resource_versions SET resource_id = CONCAT(LEFT(config_id, 6), LEFT(resource_id, 10))
	WHERE LEFT(resource_id, 6) <> LEFT(config_id, 6)
--;;
ALTER TABLE resource_versions
	ADD INDEX IF NOT EXISTS content (address(8)),
	DROP INDEX IF EXISTS address
