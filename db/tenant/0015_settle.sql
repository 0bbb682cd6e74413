-- Brings what the former texts of 0013_scale left (see db/former) to what its released text makes; there nothing changes.

ALTER TABLE drift_reports
	DROP INDEX IF EXISTS config_status,
	DROP INDEX IF EXISTS snapshot
--;;
ALTER TABLE outbox DROP INDEX IF EXISTS channel
--;;
ALTER TABLE config_snapshots
	ADD INDEX IF NOT EXISTS instant (config_id, collected_at, seq),
	DROP INDEX IF EXISTS collected
--;;
-- One of the same name that is without the id.
IF (SELECT COUNT(*) FROM information_schema.STATISTICS
	WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'alerts' AND INDEX_NAME = 'report') = 1 THEN
	ALTER TABLE alerts DROP INDEX report;
END IF
--;;
ALTER TABLE alerts
	ADD COLUMN IF NOT EXISTS suppressed VARCHAR(5) AS (IF(suppressed_by IS NULL, 'false', 'true')) VIRTUAL,
	ADD INDEX IF NOT EXISTS suppressed (suppressed, id),
	ADD INDEX IF NOT EXISTS report (report_id, id),
	ADD INDEX IF NOT EXISTS assigned (assigned_to, id),
	DROP INDEX IF EXISTS config_status
