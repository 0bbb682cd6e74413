-- A channel is told values only when somebody who may read them says so. Those there are were told them, and go on;
-- whatever writes a row without the column makes one that is not.

ALTER TABLE channels
	ADD COLUMN IF NOT EXISTS with_values BOOLEAN NOT NULL DEFAULT TRUE
--;;
ALTER TABLE channels
	ALTER COLUMN with_values SET DEFAULT FALSE
