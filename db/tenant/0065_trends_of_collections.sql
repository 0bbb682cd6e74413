-- How many changes a run had is counted for each collection that it has read.
ALTER TABLE drift_trends
	ADD COLUMN IF NOT EXISTS collections LONGTEXT NULL -- JSON: report, and of each collection its last counts; NULL: not yet
