-- Acceptances that wait for a second person (settings.four_eyes).  One is of what was seen: of findings with their values, of a
-- report or of a snapshot as the baseline.  A program from before knows of none: what it is asked to accept, it accepts.
CREATE TABLE IF NOT EXISTS drift_acceptances (
	id          BINARY(16)    NOT NULL PRIMARY KEY,
	kind        VARCHAR(16)   NOT NULL, -- changes, report or baseline
	config_id   BINARY(16)    NULL,     -- of a report or a baseline: one waits for each config
	report_id   BINARY(16)    NULL,
	snapshot_id BINARY(16)    NULL,
	baseline_id BINARY(16)    NULL,     -- what the baseline was when it was asked for
	status      VARCHAR(16)   NOT NULL, -- accepted or ignored
	reason      VARCHAR(1000) NOT NULL,
	expires_at  DATETIME(3)   NULL,     -- of the acceptance
	reviewed    BOOLEAN       NOT NULL,
	severity    VARCHAR(16)   NOT NULL, -- the worst that it is about
	findings    INT UNSIGNED  NOT NULL, -- how many were named; of a report or a baseline 0
	asked_by    BINARY(16)    NULL,     -- the person; NULL: a key that nobody is known to have made
	asked_name  VARCHAR(254)  NOT NULL,
	asked_at    DATETIME(3)   NOT NULL,
	ends_at     DATETIME(3)   NOT NULL,
	UNIQUE KEY config (config_id)
)
--;;
CREATE TABLE IF NOT EXISTS drift_acceptance_findings (
	config_id     BINARY(16) NOT NULL,
	fingerprint   BINARY(32) NOT NULL,
	value_hash    BINARY(32) NOT NULL,
	acceptance_id BINARY(16) NOT NULL,
	PRIMARY KEY (config_id, fingerprint, value_hash),
	KEY acceptance (acceptance_id)
)
