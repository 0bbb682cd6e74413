-- Which alerts go to which channels, where a tenant says so by routes.  They are one list, read and written whole: their order
-- is part of what they mean.  A lane keeps the route that its channel came to hear of the alert by.  A program from before
-- knows none, and tells the channels of the alert's config.
CREATE TABLE IF NOT EXISTS alert_routing (
	id      TINYINT UNSIGNED NOT NULL, -- 1: there is one
	version BIGINT UNSIGNED  NOT NULL,
	routes  MEDIUMTEXT       NOT NULL, -- JSON, {"routes": [...]}
	PRIMARY KEY (id)
)
--;;
INSERT IGNORE INTO alert_routing (id, version, routes) VALUES (1, 1, '{"routes":[]}')
--;;
ALTER TABLE alert_lanes
	ADD COLUMN IF NOT EXISTS route_id BINARY(16) NULL -- NULL: the config names the channel
