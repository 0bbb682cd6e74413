-- Failed sign-ins, of accounts that exist and of those that do not alike.
-- `account` is an HMAC of tenant and e-mail address; `source` a letter and 16 bytes: n a network (an IPv4
-- address or an IPv6 /64), d a known device, a the whole account (its row is the lock, failures counts them).

CREATE TABLE IF NOT EXISTS login_failures (
	account  BINARY(32)   NOT NULL,
	source   BINARY(17)   NOT NULL,
	failures INT UNSIGNED NOT NULL, -- in a row, the last one at last_at
	last_at  DATETIME(3)  NOT NULL,
	until_at DATETIME(3)  NOT NULL, -- no further attempt before
	attempt  BINARY(16)   NOT NULL, -- the last one that was let through
	PRIMARY KEY (account, source),
	KEY last_at (last_at)
)
