-- What a tenant has of what its quota bounds.  Making something counts it in one conditional UPDATE of its row, which whoever else
-- makes one waits for; what is taken away is counted off when a limit is met, and by driftd.

CREATE TABLE IF NOT EXISTS tenant_usage (
	name       VARCHAR(32)     NOT NULL PRIMARY KEY,
	used       BIGINT UNSIGNED NOT NULL,
	day        INT UNSIGNED    NOT NULL DEFAULT 0, -- of what counts by the day (UTC, days since 1970)
	counted_at DATETIME(3)     NULL                -- all of it; NULL: only what was added since
)
--;;
INSERT IGNORE INTO tenant_usage (name, used)
	SELECT 'users', COUNT(*) FROM users
	UNION ALL SELECT 'api_keys', COUNT(*) FROM api_keys WHERE revoked_at IS NULL
	UNION ALL SELECT 'drift_configs', COUNT(*) FROM drift_configs
	UNION ALL SELECT 'snapshots_per_day', 0
	UNION ALL SELECT 'storage_bytes', 0
