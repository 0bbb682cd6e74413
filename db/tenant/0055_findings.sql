-- A finding has one index beside its key: what is accepted is counted along the one by which what has ended is found.
ALTER TABLE drift_findings
	DROP INDEX IF EXISTS ended,
	DROP INDEX IF EXISTS accepted,
	ADD INDEX ended (config_id, status, promoted, updated_at, expires_at)
