-- A message that was delivered or given up goes out again: its attempts are numbered on, and those of before count no more.
-- What waits for a paused channel stays where it is.  A secret that was replaced signs beside the new one for a while.  A
-- program from before sends to a paused channel, signs with the new secret alone, and makes one attempt at what is replayed.

ALTER TABLE outbox
	ADD COLUMN IF NOT EXISTS replayed INT UNSIGNED NOT NULL DEFAULT 0 -- attempts that were made before it was asked for again
--;;
ALTER TABLE channels
	ADD COLUMN IF NOT EXISTS paused_at DATETIME(3) NULL,        -- NULL: it is not
	ADD COLUMN IF NOT EXISTS former_secret VARBINARY(4096) NULL, -- sealed
	ADD COLUMN IF NOT EXISTS former_until DATETIME(3) NULL      -- until when it signs
--;;
ALTER TABLE deliveries
	ADD COLUMN IF NOT EXISTS request_bytes INT UNSIGNED NULL -- of the body that was sent; NULL: none was
