-- Second factors: what is being set up, how often codes were tried, recovery codes, sign-ins that wait for one.

ALTER TABLE users
	ADD COLUMN IF NOT EXISTS `2fa_pending`     VARBINARY(255) NULL, -- sealed like 2fa_secret, which it becomes once a code of it was typed
	ADD COLUMN IF NOT EXISTS `2fa_pending_at`  DATETIME(3)    NULL,
	ADD COLUMN IF NOT EXISTS `2fa_tries`       INT            NOT NULL DEFAULT 0, -- codes and passwords tried since:
	ADD COLUMN IF NOT EXISTS `2fa_tries_since` DATETIME(3)    NULL
--;;
CREATE TABLE IF NOT EXISTS recovery_codes (
	user_id    BINARY(16)  NOT NULL,
	code_hash  BINARY(32)  NOT NULL, -- HMAC under the keyring's "recovery-code"
	created_at DATETIME(3) NOT NULL,
	used_at    DATETIME(3) NULL,
	PRIMARY KEY (user_id, code_hash)
)
--;;
CREATE TABLE IF NOT EXISTS login_transactions (
	id         BINARY(16)      NOT NULL PRIMARY KEY,
	token_hash BINARY(32)      NOT NULL, -- SHA-256 of the token's secret
	user_id    BINARY(16)      NOT NULL,
	user_epoch BIGINT UNSIGNED NOT NULL, -- of the user when the first factor was shown
	provider   VARCHAR(64)     NOT NULL, -- of the session to come
	in_body    BOOLEAN         NOT NULL, -- how its tokens are to be given
	tries      INT             NOT NULL DEFAULT 0,
	created_at DATETIME(3)     NOT NULL,
	expires_at DATETIME(3)     NOT NULL,
	ended_at   DATETIME(3)     NULL,     -- it became a session
	KEY user_id (user_id),
	KEY expires_at (expires_at)
)
