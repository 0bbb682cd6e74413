-- What the manifest of a snapshot out of order refers to, and the manifest itself: it is sealed, so that the database
-- cannot look. A content whose address is neither here nor in resource_versions is referred to by nothing.
CREATE TABLE IF NOT EXISTS manifest_contents (
	snapshot_id BINARY(16) NOT NULL,
	address     BINARY(32) NOT NULL,
	PRIMARY KEY (snapshot_id, address),
	KEY address (address)
)
--;;
ALTER TABLE config_snapshots ADD INDEX IF NOT EXISTS late (in_order, id)
--;;
-- Raised when a content that is there already is stored again: whoever drops it at that moment, on this node or another,
-- conflicts with that.
ALTER TABLE contents ADD COLUMN IF NOT EXISTS stored_again INT UNSIGNED NOT NULL DEFAULT 0
