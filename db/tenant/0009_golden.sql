-- Golden baselines: templates, their versions, and which config is bound to which, with what of its own.

CREATE TABLE IF NOT EXISTS golden_baselines (
	id          BINARY(16)      NOT NULL PRIMARY KEY,
	name        VARCHAR(200)    NOT NULL,
	description VARCHAR(2000)   NOT NULL,
	shared      BOOLEAN         NOT NULL,
	version     BIGINT UNSIGNED NOT NULL, -- of what it holds
	revision    BIGINT UNSIGNED NOT NULL, -- raised by every change
	address     BINARY(32)      NOT NULL, -- content address of the newest version
	resources   INT UNSIGNED    NOT NULL, -- how many
	masked      BOOLEAN         NOT NULL, -- holds values masked under this tenant's key
	created_at  DATETIME(3)     NOT NULL,
	updated_at  DATETIME(3)     NOT NULL,
	UNIQUE KEY name (name)
)
--;;
CREATE TABLE IF NOT EXISTS golden_versions (
	golden_id BINARY(16)      NOT NULL,
	version   BIGINT UNSIGNED NOT NULL,
	address   BINARY(32)      NOT NULL,
	author    VARCHAR(254)    NOT NULL,
	at        DATETIME(3)     NOT NULL,
	PRIMARY KEY (golden_id, version)
)
--;;
CREATE TABLE IF NOT EXISTS golden_bindings (
	config_id      BINARY(16)      NOT NULL PRIMARY KEY,
	golden_id      BINARY(16)      NOT NULL,
	shared         BOOLEAN         NOT NULL, -- one of the platform, in the control schema
	golden_version BIGINT UNSIGNED NOT NULL, -- in force
	config_version BIGINT UNSIGNED NOT NULL, -- spec it was rendered under
	snapshot_id    BINARY(16)      NOT NULL, -- what it was rendered to
	body           MEDIUMBLOB      NOT NULL, -- sealed JSON: variables and differences
	recheck_at     DATETIME(3)     NULL,     -- the first difference to expire
	stale_version  BIGINT UNSIGNED NULL,     -- a newer version that could not be taken
	stale_why      VARCHAR(300)    NULL,
	bound_by       VARCHAR(254)    NOT NULL,
	bound_at       DATETIME(3)     NOT NULL,
	KEY golden (golden_id)
)
--;;
-- A rendered baseline is stored like a snapshot out of order, and was never collected: NULL is a snapshot; `report` and
-- `ignore` say what of the categories that the template does not name.
ALTER TABLE config_snapshots ADD COLUMN IF NOT EXISTS rendered VARCHAR(8) NULL
--;;
ALTER TABLE config_state ADD COLUMN IF NOT EXISTS golden BOOLEAN NOT NULL DEFAULT FALSE -- bound to a template
