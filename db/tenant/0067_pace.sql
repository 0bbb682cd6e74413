-- A channel is told no faster than its rate: what comes faster waits, and is told together where its kind can.  A message that
-- is told by another stands in it until that is over, and is sent by nobody else; a program from before does not know that,
-- and sends it alone too.  What tells of several has a template of its own, for which such a program waits.

ALTER TABLE channels
	ADD COLUMN IF NOT EXISTS rate_per_minute SMALLINT UNSIGNED NULL, -- NULL: as its kind has it
	ADD COLUMN IF NOT EXISTS rate_burst SMALLINT UNSIGNED NULL
--;;
CREATE TABLE IF NOT EXISTS channel_paces (
	channel_id BINARY(16)  NOT NULL PRIMARY KEY,
	next_at    DATETIME(3) NOT NULL, -- when it has all of its burst again
	held_until DATETIME(3) NULL      -- the turn that the last of those who wait was given; NULL: nobody waits
)
--;;
ALTER TABLE outbox
	ADD COLUMN IF NOT EXISTS told_in BINARY(16) NULL, -- the message that tells it
	ADD INDEX IF NOT EXISTS told_in (told_in, state),
	ADD INDEX IF NOT EXISTS waiting (channel_id, state, id)
