-- Who gave a role to a user, when, and until when it counts: older rows say none of it, and do not end.
ALTER TABLE user_roles
	ADD COLUMN IF NOT EXISTS ends_at    DATETIME(3)  NULL, -- counts no more from then on
	ADD COLUMN IF NOT EXISTS given_by   BINARY(16)   NULL, -- a user or an API key
	ADD COLUMN IF NOT EXISTS given_name VARCHAR(254) NULL, -- as it was called then
	ADD COLUMN IF NOT EXISTS given_at   DATETIME(3)  NULL,
	ADD INDEX IF NOT EXISTS ends_at (ends_at)
