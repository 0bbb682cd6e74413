-- Runs: each reading of a source that collects, by its schedule or because somebody asked for it.

CREATE TABLE IF NOT EXISTS runs (
	id          BINARY(16)      NOT NULL PRIMARY KEY,
	config_id   BINARY(16)      NOT NULL,
	kind        VARCHAR(16)     NOT NULL, -- scheduled, manual, notify, try
	slot        DATETIME(3)     NOT NULL, -- of the schedule; of the others when they were asked for
	due_at      DATETIME(3)     NOT NULL,
	state       VARCHAR(16)     NOT NULL, -- queued, running, done, failed, dead, cancelled
	started_at  DATETIME(3)     NULL,
	finished_at DATETIME(3)     NULL,
	missed      INT UNSIGNED    NOT NULL DEFAULT 0, -- slots before it that no run was made for
	attempts    INT UNSIGNED    NOT NULL DEFAULT 0,
	fence       BIGINT UNSIGNED NOT NULL DEFAULT 0, -- of the claim under which it was begun last
	reason      VARCHAR(500)    NULL,
	remedy      VARCHAR(500)    NULL,
	asked_by    VARCHAR(254)    NULL,
	report_id   BINARY(16)      NULL,
	snapshot_id BINARY(16)      NULL,
	progress    LONGTEXT        NULL, -- JSON
	queued_of   BINARY(16)      AS (IF(state = 'queued', config_id, NULL)) PERSISTENT,
	running_of  BINARY(16)      AS (IF(state = 'running', config_id, NULL)) PERSISTENT,
	UNIQUE KEY slot (config_id, kind, slot),
	UNIQUE KEY queued (queued_of, kind),
	UNIQUE KEY running (running_of),
	KEY config (config_id, id),
	KEY state (state, id),
	KEY finished (finished_at)
)
--;;
-- What is known of the runs of a config whose source collects.
CREATE TABLE IF NOT EXISTS run_state (
	config_id BINARY(16)   NOT NULL PRIMARY KEY,
	last_slot DATETIME(3)  NULL,                   -- of its schedule: what comes before is no one's business any more
	next_at   DATETIME(3)  NULL,                   -- NULL: not by itself
	failures  INT UNSIGNED NOT NULL DEFAULT 0,     -- runs in a row that came to nothing
	held      BOOLEAN      NOT NULL DEFAULT FALSE, -- it cannot get better by itself
	last_run  BINARY(16)   NULL,
	moves     INT UNSIGNED NOT NULL DEFAULT 0      -- how often a change of the config has set next_at
)
