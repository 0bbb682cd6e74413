-- Resources whose baseline has not moved with that of their collection, in configs whose baseline is the previous snapshot.

CREATE TABLE IF NOT EXISTS config_unsettled (
	config_id   BINARY(16)      NOT NULL,
	resource_id BINARY(16)      NOT NULL,
	seq         BIGINT UNSIGNED NOT NULL, -- what was in force at this number is its baseline
	snapshot_id BINARY(16)      NOT NULL, -- the snapshot that has it
	told        BOOLEAN         NOT NULL, -- an alert has told all of it, and nobody has seen it
	PRIMARY KEY (config_id, resource_id),
	KEY snapshot (config_id, snapshot_id)
)
--;;
-- How many each collection has, so that a config without any asks for none.
ALTER TABLE config_collections
	ADD COLUMN IF NOT EXISTS unsettled INT UNSIGNED NOT NULL DEFAULT 0
