-- Configurations watched, snapshots by content address, reports, changes, alerts, channels, outbox.

CREATE TABLE IF NOT EXISTS drift_configs (
	id             BINARY(16)      NOT NULL PRIMARY KEY,
	name           VARCHAR(200)    NOT NULL,
	spec           LONGTEXT        NOT NULL, -- JSON as the API took it: source, schedule, compare, rules, thresholds, alerts
	version        BIGINT UNSIGNED NOT NULL DEFAULT 1, -- raised by every change of spec
	created_at     DATETIME(3)     NOT NULL,
	updated_at     DATETIME(3)     NOT NULL,
	UNIQUE KEY name (name)
)
--;;
-- One row per config: what the next snapshot is compared with. Every ingest ends with UPDATE ... WHERE seq = ?.
CREATE TABLE IF NOT EXISTS config_state (
	config_id          BINARY(16)      NOT NULL PRIMARY KEY,
	seq                BIGINT UNSIGNED NOT NULL DEFAULT 0, -- of the newest snapshot in order
	state              VARCHAR(16)     NOT NULL,           -- new, ok, drifted, blind
	snapshot_id        BINARY(16)      NULL,               -- newest in order
	digest             BINARY(32)      NULL,               -- of its resources' addresses and collections
	collected_at       DATETIME(3)     NULL,
	baseline_snapshot  BINARY(16)      NULL,
	baseline_seq       BIGINT UNSIGNED NULL,
	baseline_approved  BOOLEAN         NOT NULL DEFAULT FALSE,
	report_id          BINARY(16)      NULL,               -- of the newest snapshot
	config_version     BIGINT UNSIGNED NOT NULL DEFAULT 0, -- spec version the report was made with
	last_complete_at   DATETIME(3)     NULL,
	last_run_at        DATETIME(3)     NULL
)
--;;
CREATE TABLE IF NOT EXISTS config_snapshots (
	id            BINARY(16)      NOT NULL PRIMARY KEY,
	config_id     BINARY(16)      NOT NULL,
	seq           BIGINT UNSIGNED NOT NULL, -- order of arrival in this config
	in_order      BOOLEAN         NOT NULL, -- FALSE: collected before the newest; its resources are in `manifest`
	manifest      BINARY(32)      NULL,     -- content address of [[category,key,hash],...]
	digest        BINARY(32)      NOT NULL,
	collections   LONGTEXT        NOT NULL, -- JSON object category -> completeness
	resources     INT UNSIGNED    NOT NULL, -- how many
	actor         VARCHAR(254)    NOT NULL,
	pushed_by     VARCHAR(254)    NOT NULL,
	collected_at  DATETIME(3)     NOT NULL,
	received_at   DATETIME(3)     NOT NULL,
	report_id     BINARY(16)      NULL,
	idempotency_key VARCHAR(128)  NULL,
	body_hash     BINARY(32)      NULL,
	UNIQUE KEY config_seq (config_id, seq),
	UNIQUE KEY idempotency (config_id, idempotency_key),
	KEY collected (config_id, collected_at)
)
--;;
CREATE TABLE IF NOT EXISTS resources (
	id        BINARY(16)      NOT NULL PRIMARY KEY,
	config_id BINARY(16)      NOT NULL,
	category  VARBINARY(128)  NOT NULL,
	`key`     VARBINARY(512)  NOT NULL,
	UNIQUE KEY place (config_id, category, `key`)
)
--;;
-- A version is in force in the snapshots from_seq <= seq < until_seq of its config.
CREATE TABLE IF NOT EXISTS resource_versions (
	resource_id BINARY(16)      NOT NULL,
	from_seq    BIGINT UNSIGNED NOT NULL,
	until_seq   BIGINT UNSIGNED NULL,
	config_id   BINARY(16)      NOT NULL,
	address     BINARY(32)      NOT NULL, -- content address: HMAC of the canonical text
	PRIMARY KEY (resource_id, from_seq),
	KEY in_force (config_id, until_seq, from_seq),
	KEY address (address)
)
--;;
-- Content by address, compressed, sealed, in chunks of 1 MiB.
CREATE TABLE IF NOT EXISTS contents (
	address    BINARY(32)   NOT NULL,
	chunk      INT UNSIGNED NOT NULL,
	size       INT UNSIGNED NOT NULL, -- of the whole canonical text
	body       MEDIUMBLOB   NOT NULL,
	PRIMARY KEY (address, chunk)
)
--;;
CREATE TABLE IF NOT EXISTS drift_reports (
	id           BINARY(16)   NOT NULL PRIMARY KEY,
	config_id    BINARY(16)   NOT NULL,
	snapshot_id  BINARY(16)   NOT NULL,
	baseline_id  BINARY(16)   NULL,
	status       VARCHAR(16)  NOT NULL, -- baseline, clean, drifted, incomplete, failed
	created      INT UNSIGNED NOT NULL DEFAULT 0,
	modified     INT UNSIGNED NOT NULL DEFAULT 0,
	deleted      INT UNSIGNED NOT NULL DEFAULT 0,
	by_severity  LONGTEXT     NOT NULL, -- JSON object severity -> count
	score        BIGINT       NOT NULL DEFAULT 0,
	max_severity VARCHAR(16)  NULL,
	incomplete   LONGTEXT     NOT NULL, -- JSON array of {category, why}
	not_alerted  LONGTEXT     NULL,     -- JSON: why nothing was sent
	started_at   DATETIME(3)  NOT NULL,
	finished_at  DATETIME(3)  NOT NULL,
	KEY config (config_id, id),
	KEY snapshot (snapshot_id)
)
--;;
CREATE TABLE IF NOT EXISTS drift_changes (
	id             BINARY(16)     NOT NULL PRIMARY KEY,
	report_id      BINARY(16)     NOT NULL,
	config_id      BINARY(16)     NOT NULL,
	position       INT UNSIGNED   NOT NULL, -- order in the report
	category       VARBINARY(128) NOT NULL,
	`key`          VARBINARY(512) NOT NULL,
	op             VARCHAR(8)     NOT NULL,
	path           MEDIUMTEXT     NOT NULL,
	canonical_path MEDIUMTEXT     NOT NULL,
	old_value      MEDIUMBLOB     NULL,     -- sealed JSON, up to 16 KiB of text
	new_value      MEDIUMBLOB     NULL,
	old_truncated  BOOLEAN        NOT NULL DEFAULT FALSE,
	new_truncated  BOOLEAN        NOT NULL DEFAULT FALSE,
	severity       VARCHAR(8)     NOT NULL,
	rule           VARCHAR(128)   NOT NULL,
	reason         VARCHAR(500)   NOT NULL,
	fingerprint    BINARY(32)     NOT NULL,
	value_hash     BINARY(32)     NOT NULL,
	status         VARCHAR(16)    NOT NULL,
	attribution    LONGTEXT       NULL,     -- JSON
	created_at     DATETIME(3)    NOT NULL,
	UNIQUE KEY report (report_id, position),
	KEY fingerprint (config_id, fingerprint)
)
--;;
CREATE TABLE IF NOT EXISTS alerts (
	id              BINARY(16)   NOT NULL PRIMARY KEY,
	config_id       BINARY(16)   NULL,
	report_id       BINARY(16)   NULL,
	kind            VARCHAR(32)  NOT NULL,
	severity        VARCHAR(8)   NOT NULL,
	title           VARCHAR(500) NOT NULL,
	status          VARCHAR(16)  NOT NULL,
	changes         INT UNSIGNED NOT NULL DEFAULT 0,
	opened_at       DATETIME(3)  NOT NULL,
	updated_at      DATETIME(3)  NOT NULL,
	acknowledged_by VARCHAR(254) NULL,
	acknowledged_at DATETIME(3)  NULL,
	assigned_to     BINARY(16)   NULL,
	resolved_at     DATETIME(3)  NULL,
	resolved_by     VARCHAR(254) NULL,
	suppressed_by   VARCHAR(254) NULL,
	open_key        VARBINARY(64) NULL, -- kind + config while not resolved: one open alert each
	version         BIGINT UNSIGNED NOT NULL DEFAULT 1,
	UNIQUE KEY open_key (open_key),
	KEY config (config_id, id)
)
--;;
-- What an alert has told of: a finding is told again only with another value.
CREATE TABLE IF NOT EXISTS alert_findings (
	alert_id    BINARY(16) NOT NULL,
	fingerprint BINARY(32) NOT NULL,
	value_hash  BINARY(32) NOT NULL,
	PRIMARY KEY (alert_id, fingerprint)
)
--;;
CREATE TABLE IF NOT EXISTS channels (
	id           BINARY(16)     NOT NULL PRIMARY KEY,
	name         VARCHAR(200)   NOT NULL,
	kind         VARCHAR(16)    NOT NULL,
	target       VARCHAR(2048)  NOT NULL, -- URL or address
	secret       VARBINARY(255) NULL,     -- sealed
	status       VARCHAR(16)    NOT NULL, -- active, disabled
	status_reason VARCHAR(200)  NOT NULL DEFAULT '',
	created_at   DATETIME(3)    NOT NULL,
	updated_at   DATETIME(3)    NOT NULL,
	UNIQUE KEY name (name)
)
--;;
-- Written in the transaction of the deed that causes it; id is the webhook-id of every attempt.
CREATE TABLE IF NOT EXISTS outbox (
	id         BINARY(16)   NOT NULL PRIMARY KEY,
	channel_id BINARY(16)   NOT NULL,
	alert_id   BINARY(16)   NULL,
	event      VARCHAR(64)  NOT NULL,
	body       MEDIUMBLOB   NOT NULL, -- sealed
	state      VARCHAR(16)  NOT NULL, -- pending, delivered, dead
	attempts   INT UNSIGNED NOT NULL DEFAULT 0,
	created_at DATETIME(3)  NOT NULL,
	done_at    DATETIME(3)  NULL,
	KEY channel (channel_id, id),
	KEY state (state, id)
)
--;;
CREATE TABLE IF NOT EXISTS deliveries (
	id         BINARY(16)   NOT NULL PRIMARY KEY,
	outbox_id  BINARY(16)   NOT NULL,
	channel_id BINARY(16)   NOT NULL,
	attempt    INT UNSIGNED NOT NULL,
	at         DATETIME(3)  NOT NULL,
	outcome    VARCHAR(16)  NOT NULL, -- delivered, failed, refused
	http_status INT         NULL,
	took_ms    INT UNSIGNED NOT NULL,
	detail     VARCHAR(300) NOT NULL,
	UNIQUE KEY attempt (outbox_id, attempt),
	KEY channel (channel_id, id)
)
