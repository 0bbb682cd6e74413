-- A channel that is a mailbox may be sent a digest each day or week: when and how, as it was given.
ALTER TABLE channels
	ADD COLUMN IF NOT EXISTS digest TEXT NULL -- JSON; NULL: none
