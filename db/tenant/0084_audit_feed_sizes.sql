-- How much of the audit trail a channel is told at once, and since when nothing has arrived there.
ALTER TABLE audit_feeds
	ADD COLUMN IF NOT EXISTS most       INT UNSIGNED NOT NULL DEFAULT 0, -- entries of one message; 0: as many as there can be
	ADD COLUMN IF NOT EXISTS most_until DATETIME(3)  NULL,               -- more are not tried before; NULL: with the next that arrives
	ADD COLUMN IF NOT EXISTS failed_at  DATETIME(3)  NULL                -- the first of the tries was; NULL: none, or it is not known
