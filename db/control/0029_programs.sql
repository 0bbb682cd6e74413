-- Programs that run, each process of its own: which versions of the keyring it has loaded.  One that is not seen any more
-- has ended.

CREATE TABLE IF NOT EXISTS programs (
	id         BINARY(16)   NOT NULL PRIMARY KEY,
	kind       VARCHAR(16)  NOT NULL,
	host       VARCHAR(255) NOT NULL,
	pid        INT UNSIGNED NOT NULL,
	version    VARCHAR(32)  NOT NULL,
	seals      INT UNSIGNED NOT NULL, -- the version of the keyring that it seals with
	opens      INT UNSIGNED NOT NULL, -- the highest that it has
	started_at DATETIME(3)  NOT NULL,
	seen_at    DATETIME(3)  NOT NULL,
	KEY seen_at (seen_at)
)
