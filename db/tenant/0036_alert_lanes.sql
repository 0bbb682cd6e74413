-- What a channel is told of an alert goes down one lane: each event follows the one before, and one that waits takes in the
-- next.  Messages from before have no lane, and go out as they did.

CREATE TABLE IF NOT EXISTS alert_lanes (
	id         BINARY(16)   NOT NULL PRIMARY KEY,
	alert_id   BINARY(16)   NOT NULL,
	channel_id BINARY(16)   NOT NULL,
	sent       INT UNSIGNED NOT NULL DEFAULT 0,     -- events that arrived
	severity   VARCHAR(8)   NULL,                   -- of the alert, as the last of them said
	told_at    DATETIME(3)  NULL,                   -- when that was
	below      BOOLEAN      NOT NULL DEFAULT FALSE, -- the alert fell below what the channel is told of, and it was told so
	untold     BOOLEAN      NOT NULL DEFAULT FALSE, -- the alert was over before anything was sent, and not worth it then
	UNIQUE KEY alert (alert_id, channel_id)
)
--;;
ALTER TABLE outbox
	ADD COLUMN IF NOT EXISTS lane_id BINARY(16) NULL,
	ADD COLUMN IF NOT EXISTS wire_id BINARY(16) NULL, -- of the event it holds now, for the receiver; NULL: id
	ADD COLUMN IF NOT EXISTS severity VARCHAR(8) NULL,
	ADD COLUMN IF NOT EXISTS worst VARCHAR(8) NULL, -- of all that is folded into it
	ADD COLUMN IF NOT EXISTS folded INT UNSIGNED NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS opens BOOLEAN NOT NULL DEFAULT FALSE, -- the opening is in it, unsent until it is
	ADD COLUMN IF NOT EXISTS below BOOLEAN NOT NULL DEFAULT FALSE,
	ADD COLUMN IF NOT EXISTS wait_s INT UNSIGNED NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS sending BOOLEAN NOT NULL DEFAULT FALSE, -- it may have left the house: nothing is folded into it
	ADD INDEX IF NOT EXISTS lane (lane_id, state, id)
--;;
ALTER TABLE deliveries
	ADD COLUMN IF NOT EXISTS wire_id BINARY(16) NULL, -- what was sent in this attempt; NULL: the message's
	ADD COLUMN IF NOT EXISTS event VARCHAR(64) NULL
