-- How findings come and go from check to check (flapping), and how many changes runs had (volume anomaly). Rows are
-- there only for configs with these thresholds.
CREATE TABLE IF NOT EXISTS drift_trends (
	config_id BINARY(16)      NOT NULL PRIMARY KEY,
	checks    BIGINT UNSIGNED NOT NULL DEFAULT 0, -- complete snapshots so far
	flapping  INT UNSIGNED    NOT NULL DEFAULT 0, -- findings that flap now
	anomalous BOOLEAN         NOT NULL DEFAULT FALSE,
	counts    VARCHAR(2000)   NOT NULL            -- JSON array: changes of the last runs, the newest last
)
--;;
-- A finding that alerts, or has come or gone in the last 20 checks.
CREATE TABLE IF NOT EXISTS drift_flaps (
	config_id   BINARY(16)      NOT NULL,
	fingerprint BINARY(32)      NOT NULL,
	value_hash  BINARY(32)      NULL,     -- as of the last check; NULL: it was not there
	bits        INT UNSIGNED    NOT NULL, -- bit i: it came, went or took another value at check `checked` - i
	checked     BIGINT UNSIGNED NOT NULL,
	flapping    BOOLEAN         NOT NULL,
	PRIMARY KEY (config_id, fingerprint)
)
--;;
ALTER TABLE drift_reports ADD COLUMN IF NOT EXISTS anomaly LONGTEXT NULL -- JSON: changes, median, mad, limit, runs, anomalous
