-- How many values of a masked place one credential has set in a day (UTC, days since 1970): who sets very many looks for
-- the right one. A place is a keyed hash of its config and path. A row goes a week after its last change was seen.
CREATE TABLE IF NOT EXISTS masked_changes (
	actor     BINARY(16)   NOT NULL, -- the key's id, or the user's
	place     BINARY(32)   NOT NULL,
	config_id BINARY(16)   NOT NULL,
	day       INT UNSIGNED NOT NULL,
	changes   INT UNSIGNED NOT NULL,
	last      BINARY(32)   NOT NULL, -- of the values set last: the same ones again are no change
	told      BOOLEAN      NOT NULL DEFAULT FALSE,
	PRIMARY KEY (actor, place),
	KEY due (actor, day, told, changes),
	KEY day (day)
)
