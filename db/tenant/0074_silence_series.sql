-- Maintenance windows that come again: a series, and the windows that are made of it ahead as rows of silences.
CREATE TABLE IF NOT EXISTS silence_series (
	id         BINARY(16)    NOT NULL PRIMARY KEY,
	matcher    LONGTEXT      NOT NULL, -- JSON as the API took it
	reason     VARCHAR(1000) NOT NULL,
	owner      VARCHAR(254)  NOT NULL,
	rule       VARCHAR(200)  NOT NULL, -- part of RFC 5545, see drift/config/recur.h
	timezone   VARCHAR(64)   NOT NULL,
	starts_at  DATETIME(3)   NOT NULL,
	duration_s INT UNSIGNED  NOT NULL,
	made_until DATETIME(3)   NOT NULL, -- windows that begin up to then are made
	ends_at    DATETIME(3)   NOT NULL, -- of its last window
	created_at DATETIME(3)   NOT NULL,
	updated_at DATETIME(3)   NOT NULL,
	ended_at   DATETIME(3)   NULL,     -- by hand
	ended_by   VARCHAR(254)  NULL,
	KEY ends_at (ends_at)
)
--;;
ALTER TABLE silences
	ADD COLUMN IF NOT EXISTS series_id BINARY(16) NULL, -- that it is a window of
	ADD INDEX IF NOT EXISTS series (series_id, starts_at)
