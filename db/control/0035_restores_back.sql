-- What a tenant was called and set to before it was restored, and what was due of it by the clock: the way back.  NULL: it was
-- restored before these were kept.

ALTER TABLE restores
	ADD COLUMN IF NOT EXISTS name     VARCHAR(200) NULL,
	ADD COLUMN IF NOT EXISTS settings LONGTEXT     NULL
--;;
CREATE TABLE IF NOT EXISTS restore_due (
	schema_name VARCHAR(20) NOT NULL,
	kind        VARCHAR(16) NOT NULL,
	ref         BINARY(16)  NOT NULL,
	next_due    DATETIME(3) NOT NULL,
	PRIMARY KEY (schema_name, kind, ref)
)
