-- What each rule of a config met when it was last written: one row per config, and none is written while a snapshot
-- meets the same as the one before.
CREATE TABLE IF NOT EXISTS config_rules (
	config_id BINARY(16)      NOT NULL PRIMARY KEY,
	seq       BIGINT UNSIGNED NOT NULL, -- of the snapshot it was written with
	digest    BINARY(32)      NOT NULL, -- of what that snapshot's normalising met
	hits      LONGTEXT        NOT NULL  -- JSON: rule's digest -> [since seq, since ms, last seq, last ms, read, compared]
)
