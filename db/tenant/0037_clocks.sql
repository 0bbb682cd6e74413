-- Whether the clock of who pushes has been set back: who pushed the newest snapshot, and how many of its pushes after that
-- say that they were collected before it, all of them by so many seconds before they came.

ALTER TABLE config_state
	ADD COLUMN IF NOT EXISTS pusher     BINARY(16)   NULL,
	ADD COLUMN IF NOT EXISTS late_runs  INT UNSIGNED NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS late_by_s  BIGINT       NOT NULL DEFAULT 0
