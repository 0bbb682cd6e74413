-- Of a report with very many changes that is accepted as a whole, driftd writes the lines of history afterwards, in pieces: until
-- then what reads history makes them of the report's changes.  A program from before does not show those that are still to come,
-- and writes at once the lines of what it accepts itself.

CREATE TABLE IF NOT EXISTS drift_decision_lines (
	config_id BINARY(16)      NOT NULL PRIMARY KEY, -- one waits for each config
	number    BIGINT UNSIGNED NOT NULL,             -- of the decision (drift_decisions)
	report_id BINARY(16)      NOT NULL,
	event     BINARY(16)      NOT NULL,             -- of the lines: its last four bytes count them
	next      INT UNSIGNED    NOT NULL              -- position of the first change whose line is not written
)
--;;
-- The status before such a decision, counted from 1 as in core/store/drift/promotion_priv.h; 0: there was none.
ALTER TABLE drift_findings
	ADD COLUMN IF NOT EXISTS was TINYINT UNSIGNED NOT NULL DEFAULT 0
