-- Templates: one config for many tenants.  A tenant keeps templates, and a config that was made of another tenant's knows of
-- which and what it said then.
CREATE TABLE IF NOT EXISTS config_templates (
	id          BINARY(16)      NOT NULL PRIMARY KEY,
	name        VARCHAR(200)    NOT NULL,
	description VARCHAR(2000)   NOT NULL,
	version     BIGINT UNSIGNED NOT NULL, -- of what it says
	revision    BIGINT UNSIGNED NOT NULL, -- raised by every change
	created_at  DATETIME(3)     NOT NULL,
	updated_at  DATETIME(3)     NOT NULL,
	UNIQUE KEY name (name)
)
--;;
CREATE TABLE IF NOT EXISTS config_template_versions (
	template_id BINARY(16)      NOT NULL,
	version     BIGINT UNSIGNED NOT NULL,
	config      MEDIUMTEXT      NOT NULL, -- as a config is made, with %variables%
	variables   MEDIUMTEXT      NOT NULL,
	author      VARCHAR(254)    NOT NULL,
	at          DATETIME(3)     NOT NULL,
	PRIMARY KEY (template_id, version)
)
--;;
-- Where a template is: what its owner knows of the other tenant, which is no value of it.
CREATE TABLE IF NOT EXISTS config_template_uses (
	id          BINARY(16)      NOT NULL PRIMARY KEY,
	template_id BINARY(16)      NOT NULL,
	tenant_id   BINARY(16)      NOT NULL,
	slug        VARCHAR(63)     NOT NULL,
	variables   MEDIUMTEXT      NOT NULL,
	version     BIGINT UNSIGNED NOT NULL, -- that it has
	config_id   BINARY(16)      NOT NULL,
	kept        MEDIUMTEXT      NOT NULL, -- places in which the tenant says otherwise, as they were looked at last
	outcome     VARCHAR(16)     NOT NULL, -- of the last operation
	detail      VARCHAR(300)    NULL,
	operation   BINARY(16)      NOT NULL,
	at          DATETIME(3)     NOT NULL,
	UNIQUE KEY tenant (template_id, tenant_id),
	KEY page (template_id, id),
	KEY slug (template_id, slug)
)
--;;
-- What an operation has to do, a row for each tenant, and what came of it.
CREATE TABLE IF NOT EXISTS config_template_results (
	id          BINARY(16)   NOT NULL PRIMARY KEY,
	operation   BINARY(16)   NOT NULL,
	template_id BINARY(16)   NOT NULL,
	tenant      VARCHAR(63)  NOT NULL, -- as it was named
	tenant_id   BINARY(16)   NULL,     -- NULL: not found yet, or not to be seen
	variables   MEDIUMTEXT   NULL,     -- NULL: as they were
	outcome     VARCHAR(16)  NOT NULL,
	detail      VARCHAR(300) NULL,
	changes     MEDIUMTEXT   NOT NULL,
	asked_at    DATETIME(3)  NOT NULL,
	at          DATETIME(3)  NULL,
	KEY operation (operation, id),
	KEY waiting (operation, outcome, id),
	KEY template (template_id, id),
	KEY old (asked_at)
)
--;;
-- In the tenant: of which template a config was made, what that said, and what there was before.
CREATE TABLE IF NOT EXISTS config_template_bindings (
	template_id BINARY(16)      NOT NULL PRIMARY KEY,
	owner       BINARY(16)      NOT NULL, -- tenant that keeps it
	config_id   BINARY(16)      NOT NULL,
	name        VARCHAR(200)    NOT NULL, -- of the template
	version     BIGINT UNSIGNED NOT NULL,
	said        MEDIUMTEXT      NOT NULL, -- by the template, rendered for this tenant
	applied     MEDIUMTEXT      NOT NULL, -- the config as the last application left it
	was_version BIGINT UNSIGNED NOT NULL, -- 0: it was made by that
	was_said    MEDIUMTEXT      NULL,     -- NULL: there is no way back, or the config was not there
	was         MEDIUMTEXT      NULL,     -- the config as it was before it
	back        VARCHAR(8)      NOT NULL, -- made, changed, none: what the way back is
	credential  BINARY(32)      NULL,     -- digest of what the last application gave its source to show; NULL: nothing
	operation   BINARY(16)      NOT NULL,
	applied_by  VARCHAR(254)    NOT NULL,
	at          DATETIME(3)     NOT NULL,
	KEY config (config_id)
)
