-- Which version of the keyring an API key or a recovery code was hashed with; 0: it was made before that was kept.

ALTER TABLE api_keys ADD COLUMN IF NOT EXISTS pepper INT UNSIGNED NOT NULL DEFAULT 0
--;;
ALTER TABLE recovery_codes ADD COLUMN IF NOT EXISTS pepper INT UNSIGNED NOT NULL DEFAULT 0
