-- Who has made a change: of each finding, in every report that has it.

ALTER TABLE drift_findings ADD COLUMN IF NOT EXISTS attribution TEXT NULL -- JSON {confidence, actors}
--;;
-- What was done to one thing, and when.
ALTER TABLE audit ADD INDEX IF NOT EXISTS target (target_id, at)
