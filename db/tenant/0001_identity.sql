-- Users, roles, sessions, API keys and the audit trail of one tenant.

CREATE TABLE IF NOT EXISTS users (
	id           BINARY(16)   NOT NULL PRIMARY KEY,
	email        VARCHAR(254) NOT NULL, -- NFKC, case folded
	password     VARCHAR(128) NULL,     -- PHC string
	display_name VARCHAR(200) NOT NULL,
	status       VARCHAR(16)  NOT NULL, -- active, disabled, invited
	`2fa_enabled` BOOLEAN     NOT NULL DEFAULT FALSE,
	`2fa_secret` VARBINARY(255) NULL,   -- sealed
	last_step    BIGINT       NOT NULL DEFAULT 0,
	epoch        BIGINT UNSIGNED NOT NULL DEFAULT 0, -- raised by whatever ends what callers may do
	last_login   DATETIME(3)  NULL,
	created_at   DATETIME(3)  NOT NULL,
	updated_at   DATETIME(3)  NOT NULL,
	UNIQUE KEY email (email)
)
--;;
CREATE TABLE IF NOT EXISTS roles (
	id          BINARY(16)   NOT NULL PRIMARY KEY,
	name        VARCHAR(64)  NOT NULL,
	description VARCHAR(500) NOT NULL,
	built_in    BOOLEAN      NOT NULL DEFAULT FALSE,
	created_at  DATETIME(3)  NOT NULL,
	UNIQUE KEY name (name)
)
--;;
CREATE TABLE IF NOT EXISTS role_permissions (
	role_id    BINARY(16)  NOT NULL,
	permission VARCHAR(64) NOT NULL, -- action:resource; * for any
	PRIMARY KEY (role_id, permission)
)
--;;
CREATE TABLE IF NOT EXISTS user_roles (
	user_id  BINARY(16) NOT NULL,
	position INT        NOT NULL, -- the first is a user's `role`
	role_id  BINARY(16) NOT NULL,
	PRIMARY KEY (user_id, position),
	UNIQUE KEY user_role (user_id, role_id),
	KEY role_id (role_id)
)
--;;
CREATE TABLE IF NOT EXISTS user_sessions (
	id              BINARY(16)      NOT NULL PRIMARY KEY,
	user_id         BINARY(16)      NOT NULL,
	auth_time       DATETIME(3)     NOT NULL,
	aal             INT             NOT NULL,
	provider        VARCHAR(64)     NOT NULL, -- "password" or an identity provider's name
	idle_end        DATETIME(3)     NOT NULL,
	absolute_end    DATETIME(3)     NOT NULL,
	address         VARCHAR(45)     NOT NULL,
	user_agent      VARCHAR(400)    NOT NULL,
	generation      BIGINT UNSIGNED NOT NULL DEFAULT 0,
	rotated_at      DATETIME(3)     NULL,
	epoch           BIGINT UNSIGNED NOT NULL DEFAULT 0,
	last_seen       DATETIME(3)     NOT NULL,
	created_at      DATETIME(3)     NOT NULL,
	revoked_at      DATETIME(3)     NULL,
	revoked_reason  VARCHAR(64)     NULL,
	KEY user_id (user_id, created_at),
	KEY absolute_end (absolute_end)
)
--;;
CREATE TABLE IF NOT EXISTS api_keys (
	id                BINARY(16)   NOT NULL PRIMARY KEY,
	name              VARCHAR(200) NOT NULL,
	prefix            VARCHAR(32)  NOT NULL, -- first characters, to recognise it
	secret_hash       BINARY(32)   NOT NULL, -- HMAC under the keyring's "api-key"
	scopes            LONGTEXT     NOT NULL, -- JSON array
	allowed_addresses LONGTEXT     NOT NULL, -- JSON array of CIDR ranges
	created_by        BINARY(16)   NULL,
	created_at        DATETIME(3)  NOT NULL,
	expires_at        DATETIME(3)  NULL,
	last_used_at      DATETIME(3)  NULL,
	revoked_at        DATETIME(3)  NULL
)
--;;
CREATE TABLE IF NOT EXISTS audit (
	seq           BIGINT UNSIGNED NOT NULL PRIMARY KEY,
	id            BINARY(16)      NOT NULL, -- made before the deed: the mark of its transaction
	at            DATETIME(3)     NOT NULL,
	action        VARCHAR(64)     NOT NULL, -- e.g. session.start
	outcome       VARCHAR(16)     NOT NULL, -- success, failure
	actor_kind    VARCHAR(16)     NOT NULL, -- user, api_key, system, anonymous
	actor_id      BINARY(16)      NULL,
	actor_name    VARCHAR(254)    NOT NULL,
	acting_tenant BINARY(16)      NULL,     -- the actor's own tenant when it is another one
	target_kind   VARCHAR(32)     NOT NULL,
	target_id     VARCHAR(64)     NOT NULL,
	address       VARCHAR(45)     NOT NULL,
	user_agent    VARCHAR(400)    NOT NULL,
	request_id    VARCHAR(64)     NOT NULL,
	details       LONGTEXT        NOT NULL, -- JSON object; never a secret
	prev_mac      BINARY(32)      NOT NULL,
	mac           BINARY(32)      NOT NULL,
	UNIQUE KEY id (id),
	KEY at (at),
	KEY action (action, seq),
	KEY actor (actor_id, seq)
)
--;;
CREATE TABLE IF NOT EXISTS audit_head (
	id  INT             NOT NULL PRIMARY KEY, -- always 1
	seq BIGINT UNSIGNED NOT NULL,
	mac BINARY(32)      NOT NULL
)
--;;
INSERT IGNORE INTO audit_head (id, seq, mac) VALUES (1, 0, REPEAT(CHAR(0), 32))
