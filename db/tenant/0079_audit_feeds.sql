-- Channels that are told the entries of the audit trail, and how far each has come.
CREATE TABLE IF NOT EXISTS audit_feeds (
	channel_id BINARY(16)      NOT NULL PRIMARY KEY,
	chain      BIGINT UNSIGNED NOT NULL,            -- of the trail
	seq        BIGINT UNSIGNED NOT NULL,            -- up to this entry of it all have arrived
	lost       BIGINT UNSIGNED NOT NULL DEFAULT 0,  -- so many were deleted by age before they could be told
	tries      INT UNSIGNED    NOT NULL DEFAULT 0,  -- that failed since the last that arrived
	told_at    DATETIME(3)     NULL,                -- when that was
	detail     VARCHAR(300)    NOT NULL DEFAULT '', -- why the last one failed
	made_at    DATETIME(3)     NOT NULL
)
