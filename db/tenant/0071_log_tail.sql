-- How far the log of a config's source is read, where that says what is to be read soon; and what a run of some collections is of.
ALTER TABLE run_state
	ADD COLUMN IF NOT EXISTS tail_began    DATETIME(3)    NULL,             -- NULL: it is not read
	ADD COLUMN IF NOT EXISTS tail_since    DATETIME(3)    NULL,             -- entries before it are known
	ADD COLUMN IF NOT EXISTS tail_failures INT UNSIGNED   NOT NULL DEFAULT 0, -- readings in a row that came to nothing
	ADD COLUMN IF NOT EXISTS tail_seen     VARBINARY(4096) NOT NULL DEFAULT '' -- hashes of entries that are known, of 8 bytes
--;;
ALTER TABLE runs
	ADD COLUMN IF NOT EXISTS categories TEXT NULL, -- JSON: of these alone; NULL: of all
	ADD COLUMN IF NOT EXISTS activity   TEXT NULL  -- JSON: what its source told of
