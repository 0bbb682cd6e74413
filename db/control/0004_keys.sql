-- Turning of signing keys: since when a key signs, its successor (published long before it is used), and
-- the audit entry still to be written for its turn.

ALTER TABLE signing_keys
	ADD COLUMN IF NOT EXISTS active_at DATETIME(3) NULL AFTER created_at,
	ADD COLUMN IF NOT EXISTS successor VARCHAR(64) NULL,
	ADD COLUMN IF NOT EXISTS audit_id  BINARY(16)  NULL
--;;
UPDATE signing_keys SET active_at = created_at WHERE state = 'active' AND active_at IS NULL
