-- What a known device or a recovery code has failed (sources d and r) is remembered as long as a device's cookie lives,
-- what a network has for two days.

ALTER TABLE login_failures
	ADD COLUMN IF NOT EXISTS forget_at DATETIME(3)
		AS (last_at + INTERVAL IF(ORD(source) IN (100, 114), 400, 2) DAY) PERSISTENT,
	ADD INDEX IF NOT EXISTS forget_at (forget_at),
	DROP INDEX IF EXISTS last_at
