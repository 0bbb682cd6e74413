-- Identity providers of one tenant, whom they know as which user, and what of theirs was used up.

CREATE TABLE IF NOT EXISTS identity_providers (
	id              BINARY(16)     NOT NULL PRIMARY KEY,
	name            VARCHAR(40)    NOT NULL, -- part of its addresses: [a-z0-9-]
	kind            VARCHAR(16)    NOT NULL, -- google, entra, oidc
	client_id       VARCHAR(255)   NOT NULL,
	client_secret   VARBINARY(1024) NULL,    -- sealed; none: a public client
	issuer          VARCHAR(500)   NULL,     -- none: the kind's own
	entra_tenant_id VARCHAR(36)    NULL,     -- the directory whose users may sign in
	allowed_domains LONGTEXT       NOT NULL, -- JSON array, lower case
	role_map        LONGTEXT       NOT NULL, -- JSON object: group to role
	auto_provision  BOOLEAN        NOT NULL,
	trust_mfa       BOOLEAN        NOT NULL,
	created_at      DATETIME(3)    NOT NULL,
	updated_at      DATETIME(3)    NOT NULL,
	UNIQUE KEY name (name)
)
--;;
CREATE TABLE IF NOT EXISTS user_identities (
	provider_id BINARY(16)   NOT NULL,
	issuer      VARCHAR(500) NOT NULL, -- as the token says it
	subject     VARCHAR(255) NOT NULL, -- sub; of Entra tid.oid
	user_id     BINARY(16)   NOT NULL,
	provisioned BOOLEAN      NOT NULL, -- the provider made the account: its role map rules
	created_at  DATETIME(3)  NOT NULL,
	last_login  DATETIME(3)  NOT NULL,
	PRIMARY KEY (provider_id, issuer, subject),
	UNIQUE KEY user_provider (user_id, provider_id)
)
--;;
-- A sign-in that has been answered, or a credential that has been taken, is not taken again.
CREATE TABLE IF NOT EXISTS oidc_marks (
	id         BINARY(32)  NOT NULL PRIMARY KEY, -- SHA-256
	expires_at DATETIME(3) NOT NULL,
	KEY expires_at (expires_at)
)
