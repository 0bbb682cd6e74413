-- A session bears few wrong passwords and codes: those that were shown through it since the last right one.

ALTER TABLE user_sessions
	ADD COLUMN IF NOT EXISTS wrong_proofs INT UNSIGNED NOT NULL DEFAULT 0
