-- What sources show to whom they ask: sealed, and read by the collector alone.
CREATE TABLE IF NOT EXISTS source_credentials (
	config_id BINARY(16)  NOT NULL PRIMARY KEY,
	secret    BLOB        NOT NULL, -- sealed: the JSON as it was given
	digest    BINARY(32)  NOT NULL, -- keyed; configs that share a credential have the same
	ends_at   DATETIME(3) NULL,     -- as far as it tells
	KEY digest (digest)
)
--;;
-- What is known of those that do not work, or will not much longer.
CREATE TABLE IF NOT EXISTS credential_troubles (
	digest    BINARY(32)        NOT NULL PRIMARY KEY,
	failures  INT UNSIGNED      NOT NULL DEFAULT 0, -- how often it was refused, in a row
	try_at    DATETIME(3)       NULL,               -- nobody tries it before
	told_in   BINARY(16)        NULL,               -- the config whose alert tells of it
	told_days SMALLINT UNSIGNED NULL                -- its end was told so many days before
)
