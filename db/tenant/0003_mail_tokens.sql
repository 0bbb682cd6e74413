-- Links that were mailed: each counts once, and only its keyed hash is here.

CREATE TABLE IF NOT EXISTS mail_tokens (
	id         BINARY(16)   NOT NULL PRIMARY KEY,
	user_id    BINARY(16)   NOT NULL,
	purpose    VARCHAR(16)  NOT NULL, -- reset, invite, email
	email      VARCHAR(254) NOT NULL, -- that it was mailed to; of purpose email: the new address
	token_hash BINARY(32)   NOT NULL, -- HMAC under the keyring's "mail-token"
	created_at DATETIME(3)  NOT NULL,
	expires_at DATETIME(3)  NOT NULL,
	used_at    DATETIME(3)  NULL,     -- or made void
	UNIQUE KEY token_hash (token_hash),
	KEY user_id (user_id),
	KEY expires_at (expires_at)
)
