-- A message is of a kind, and holds what happened; it is rendered when it is sent.  Messages from before have no kind
-- (mails had no channel, all others were webhooks), and template 0: what they hold is finished, and goes out as it stands.

ALTER TABLE outbox
	ADD COLUMN IF NOT EXISTS kind VARCHAR(16) NULL,
	ADD COLUMN IF NOT EXISTS template SMALLINT UNSIGNED NOT NULL DEFAULT 0
