-- The control schema: registry of tenants, their wrapped keys, signing keys, indexes of due work.
-- Statements are repeatable and separated by a line holding only two dashes and two semicolons.

CREATE TABLE IF NOT EXISTS tenants (
	id             BINARY(16)   NOT NULL PRIMARY KEY,
	slug           VARCHAR(63)  NOT NULL,
	name           VARCHAR(200) NOT NULL,
	schema_name    VARCHAR(20)  NOT NULL,
	shard          VARCHAR(32)  NOT NULL DEFAULT '',
	status         VARCHAR(16)  NOT NULL,
	settings       LONGTEXT     NOT NULL,
	quota          LONGTEXT     NOT NULL,
	schema_version INT          NOT NULL DEFAULT 0,
	created_at     DATETIME(3)  NOT NULL,
	UNIQUE KEY slug (slug),
	UNIQUE KEY schema_name (schema_name)
)
--;;
CREATE TABLE IF NOT EXISTS tenant_keys (
	tenant_id  BINARY(16)     NOT NULL,
	version    INT UNSIGNED   NOT NULL,
	wrapped    VARBINARY(255) NOT NULL, -- data key and address key, sealed under the keyring's "kek"
	created_at DATETIME(3)    NOT NULL,
	PRIMARY KEY (tenant_id, version)
)
--;;
CREATE TABLE IF NOT EXISTS signing_keys (
	kid        VARCHAR(64)    NOT NULL PRIMARY KEY,
	public_jwk TEXT           NOT NULL,
	sealed     VARBINARY(512) NOT NULL,
	state      VARCHAR(16)    NOT NULL, -- next, active, retired
	created_at DATETIME(3)    NOT NULL,
	retire_at  DATETIME(3)    NULL
)
--;;
CREATE TABLE IF NOT EXISTS outbox_index (
	id          BINARY(16)      NOT NULL PRIMARY KEY, -- the outbox row of the tenant
	schema_name VARCHAR(20)     NOT NULL,
	next_due    DATETIME(3)     NOT NULL,
	lease_owner BINARY(16)      NULL,
	lease_until DATETIME(3)     NULL,
	fence       BIGINT UNSIGNED NOT NULL DEFAULT 0,
	attempts    INT             NOT NULL DEFAULT 0,
	created_at  DATETIME(3)     NOT NULL,
	KEY next_due (next_due),
	KEY schema_name (schema_name)
)
--;;
CREATE TABLE IF NOT EXISTS daemons (
	id           BINARY(16)   NOT NULL PRIMARY KEY,
	host         VARCHAR(255) NOT NULL,
	pid          INT UNSIGNED NOT NULL,
	version      VARCHAR(32)  NOT NULL,
	started_at   DATETIME(3)  NOT NULL,
	heartbeat_at DATETIME(3)  NOT NULL,
	KEY heartbeat_at (heartbeat_at)
)
