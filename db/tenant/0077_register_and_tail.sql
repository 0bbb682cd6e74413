-- What was accepted, and what was so no more, is found without what happened otherwise; and of a log with more entries than are
-- known by their hashes the others are known by their time.
ALTER TABLE drift_history
	ADD INDEX IF NOT EXISTS became (to_status, id),
	ADD INDEX IF NOT EXISTS was (from_status, id)
--;;
ALTER TABLE run_state
	ADD COLUMN IF NOT EXISTS tail_known_until DATETIME(3) NULL -- entries up to then are known; NULL: tail_seen has them all
