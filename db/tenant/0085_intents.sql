-- Announced changes: what somebody says will change, before it does.  The value is sealed; it is never one that is masked.
CREATE TABLE IF NOT EXISTS drift_intents (
	id           BINARY(16)    NOT NULL PRIMARY KEY,
	config_id    BINARY(16)    NOT NULL,
	category     VARCHAR(128)  NOT NULL,
	`key`        VARCHAR(512)  NOT NULL, -- a glob, as in a silence
	path         VARCHAR(1024) NOT NULL, -- a pattern, as in a silence
	expect       VARCHAR(8)    NOT NULL, -- value, any or gone
	value        MEDIUMBLOB    NULL,     -- sealed: canonical text, normalised as the config's values are
	actor        VARCHAR(256)  NULL,     -- id, as attribution has it; NULL: whoever
	ticket       VARCHAR(200)  NULL,
	reason       VARCHAR(1000) NOT NULL,
	owner        VARCHAR(254)  NOT NULL,
	person_id    BINARY(16)    NULL,     -- the person behind it; NULL: a service key
	starts_at    DATETIME(3)   NOT NULL,
	ends_at      DATETIME(3)   NOT NULL,
	created_at   DATETIME(3)   NOT NULL,
	confirmed_by VARCHAR(254)  NULL,     -- the second person
	confirmed_at DATETIME(3)   NULL,
	ended_by     VARCHAR(254)  NULL,     -- who took it back
	ended_at     DATETIME(3)   NULL,
	changes      BIGINT        NOT NULL DEFAULT 0, -- that came as announced
	fulfilled_at DATETIME(3)   NULL,
	report_id    BINARY(16)    NULL,     -- that first had one
	missed_at    DATETIME(3)   NULL,     -- when it was told that none had come
	KEY config (config_id, ends_at),
	KEY ended (ends_at)
)
--;;
-- What an announced change has to do with a finding: "verdict:id" (core/store/drift/intent.h).
ALTER TABLE drift_findings ADD COLUMN IF NOT EXISTS announced VARCHAR(64) NULL
