-- Tenants that are to be looked at for alerts of their own: about their security, and about what is ours (drift/watch).  Each audit
-- entry marks its tenant's row, in the transaction that writes it; driftd looks at what is marked, and at each once an hour.

CREATE TABLE IF NOT EXISTS watches (
	schema_name VARCHAR(20)     NOT NULL PRIMARY KEY,
	marked      BIGINT UNSIGNED NOT NULL DEFAULT 1, -- raised by each mark
	due_at      DATETIME(3)     NOT NULL,           -- when it is looked at next
	broken      BOOLEAN         NOT NULL DEFAULT FALSE, -- its audit trail was found not to be as it was written
	KEY due_at (due_at),
	KEY broken (broken)
)
--;;
INSERT IGNORE INTO watches (schema_name, due_at) SELECT schema_name, NOW(3) FROM tenants
--;;
-- The calling tenant is to be looked at.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE watch_mark()
	SQL SECURITY DEFINER MODIFIES SQL DATA
	INSERT INTO watches (schema_name, due_at) VALUES (SUBSTRING_INDEX(USER(), '@', 1), NOW(3))
	ON DUPLICATE KEY UPDATE marked = marked + 1, due_at = LEAST(due_at, NOW(3))
--;;
-- As in 0010, and marks the tenant: so does a program that knows no watches.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE audit_advance(IN p_from BIGINT UNSIGNED, IN p_to BIGINT UNSIGNED, IN p_mac BINARY(32))
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	UPDATE audit_heads SET seq = p_to, mac = p_mac
	 WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1) AND seq = p_from AND p_to > p_from;
	IF ROW_COUNT() = 0 THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not the head';
	END IF;
	INSERT INTO watches (schema_name, due_at) VALUES (SUBSTRING_INDEX(USER(), '@', 1), NOW(3))
	ON DUPLICATE KEY UPDATE marked = marked + 1, due_at = LEAST(due_at, NOW(3));
END
--;;
-- Open alerts of kind security, which are not among the others: they are shown to who may read the audit trail.  In grants.lends 16
-- is read:audit; what a program from before counts lacks it, and has these alerts among the others.
ALTER TABLE fleet
	ADD COLUMN IF NOT EXISTS security INT UNSIGNED NOT NULL DEFAULT 0
