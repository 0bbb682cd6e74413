-- API keys of two kinds: a personal one ends with who made it, a service key on its day.

ALTER TABLE api_keys
	ADD COLUMN IF NOT EXISTS kind VARCHAR(16) NOT NULL DEFAULT '', -- personal, service
	ADD COLUMN IF NOT EXISTS administrative BOOLEAN NOT NULL DEFAULT FALSE,
	ADD COLUMN IF NOT EXISTS config_ids LONGTEXT NOT NULL DEFAULT '[]', -- JSON array: pushes there only
	ADD COLUMN IF NOT EXISTS converted BOOLEAN NOT NULL DEFAULT FALSE, -- it was made before there were kinds
	ADD COLUMN IF NOT EXISTS told_days INT NOT NULL DEFAULT 0, -- its end was announced that many days before; 0: not yet
	ADD INDEX IF NOT EXISTS maker (created_by, id)
--;;
-- What collectors and readers have goes on without its maker, but not for ever.  Assignments run from left to right.
UPDATE api_keys SET converted = TRUE,
	kind = IF(REGEXP_REPLACE(scopes, '"(write:snapshots|read:[a-z_*]+)"', '') LIKE '%"%', 'personal', 'service'),
	expires_at = IF(kind = 'service',
		LEAST(COALESCE(expires_at, NOW(3) + INTERVAL 400 DAY), NOW(3) + INTERVAL 400 DAY),
		expires_at)
	WHERE kind = ''
--;;
ALTER TABLE api_keys ALTER COLUMN kind SET DEFAULT 'personal'
