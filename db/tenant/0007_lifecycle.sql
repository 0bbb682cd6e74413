-- The life of findings across reports, acceptances, silences; completeness and thresholds in the state row.

ALTER TABLE config_state
	ADD COLUMN IF NOT EXISTS life            BIGINT UNSIGNED NOT NULL DEFAULT 0, -- raised by every deed on the config's findings
	ADD COLUMN IF NOT EXISTS recheck_at      DATETIME(3)     NULL,               -- from then on the next snapshot is compared in any case
	ADD COLUMN IF NOT EXISTS incomplete_runs INT UNSIGNED    NOT NULL DEFAULT 0, -- in a row
	ADD COLUMN IF NOT EXISTS clean_runs      INT UNSIGNED    NOT NULL DEFAULT 0, -- complete and without findings, in a row
	ADD COLUMN IF NOT EXISTS held            LONGTEXT        NULL                -- JSON array of collections whose loss waits for the next snapshot
--;;
ALTER TABLE drift_reports
	ADD COLUMN IF NOT EXISTS accepted INT UNSIGNED NOT NULL DEFAULT 0, -- changes whose value is accepted: in no other number
	ADD COLUMN IF NOT EXISTS held     LONGTEXT     NULL                -- JSON array of {category, removed, of}
--;;
-- One row per finding and value. A change's status is that of its row here.
CREATE TABLE IF NOT EXISTS drift_findings (
	config_id   BINARY(16)    NOT NULL,
	fingerprint BINARY(32)    NOT NULL,
	value_hash  BINARY(32)    NOT NULL,
	status      VARCHAR(16)   NOT NULL, -- detected, acknowledged, in_progress, resolved, ignored, accepted
	present     BOOLEAN       NOT NULL, -- in the newest report
	runs        INT UNSIGNED  NOT NULL, -- reports in a row that had it
	promoted    BOOLEAN       NOT NULL DEFAULT FALSE, -- its value is that of the baseline since
	reason      VARCHAR(1000) NULL,     -- of the newest deed by a person
	owner       VARCHAR(254)  NULL,     -- who accepted
	expires_at  DATETIME(3)   NULL,     -- of an acceptance
	assigned_to BINARY(16)    NULL,
	created_at  DATETIME(3)   NOT NULL,
	updated_at  DATETIME(3)   NOT NULL,
	PRIMARY KEY (config_id, fingerprint, value_hash),
	KEY live (config_id, status)
)
--;;
-- What happened to a finding (subject: its fingerprint) or an alert (subject: its id).
CREATE TABLE IF NOT EXISTS drift_history (
	id          BINARY(16)    NOT NULL PRIMARY KEY,
	config_id   BINARY(16)    NULL,
	subject     VARBINARY(32) NOT NULL,
	value_hash  BINARY(32)    NULL,
	at          DATETIME(3)   NOT NULL,
	actor       VARCHAR(254)  NOT NULL,
	from_status VARCHAR(16)   NULL,
	to_status   VARCHAR(16)   NOT NULL,
	note        VARCHAR(1000) NOT NULL,
	KEY subject (subject, id),
	KEY config (config_id)
)
--;;
CREATE TABLE IF NOT EXISTS silences (
	id         BINARY(16)    NOT NULL PRIMARY KEY,
	matcher    LONGTEXT      NOT NULL, -- JSON as the API took it
	reason     VARCHAR(1000) NOT NULL,
	owner      VARCHAR(254)  NOT NULL,
	starts_at  DATETIME(3)   NOT NULL,
	expires_at DATETIME(3)   NOT NULL,
	created_at DATETIME(3)   NOT NULL,
	KEY expires_at (expires_at)
)
