-- The status of a change is that of its finding alone: a change keeps the one that it was written with, and no index has it.
-- A program from before asks these indexes by their names, reads more of them, and until it is replaced finds what was decided
-- since by others under the status that it had before; what it then says of each change is right.
ALTER TABLE drift_changes
	DROP INDEX IF EXISTS by_severity,
	DROP INDEX IF EXISTS by_all,
	ADD INDEX by_severity (report_id, severity, position),
	ADD INDEX by_all (report_id, category, severity, position)
