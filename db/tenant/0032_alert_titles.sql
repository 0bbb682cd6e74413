-- An alert's title with values is kept sealed, as values are; what stands in the clear has none.

ALTER TABLE alerts
	ADD COLUMN IF NOT EXISTS title_values VARBINARY(2048) NULL
