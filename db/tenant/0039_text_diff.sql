-- The lines by which two texts of a change differ, sealed as its values are: of texts that are too long to be kept with it too.

ALTER TABLE drift_changes
	ADD COLUMN IF NOT EXISTS text_diff BLOB NULL
