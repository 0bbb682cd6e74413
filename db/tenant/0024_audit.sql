-- Nobody who works in this schema can change the audit trail or cut it: triggers refuse, and its head is in the
-- control schema (control/0010_audit.sql, whose audit_guards() knows these triggers by their text).  They run as an
-- account that nobody can sign in to; the tenant's account can neither drop nor replace them.

CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_no_update BEFORE UPDATE ON audit FOR EACH ROW
	SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'an audit entry never changes'
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_no_delete BEFORE DELETE ON audit FOR EACH ROW
	IF OLD.seq > COALESCE((SELECT floor FROM `{control}`.audit_heads WHERE schema_name = DATABASE()), 0) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'an audit entry stays'; END IF
--;;
-- First out of the reach of programs that still move it here; the deeds that hold it are waited for.
RENAME TABLE IF EXISTS audit_head TO audit_head_former
--;;
-- Where an earlier try was cut off behind the last statement.
CREATE TABLE IF NOT EXISTS audit_head_former (
	id  INT             NOT NULL PRIMARY KEY,
	seq BIGINT UNSIGNED NOT NULL,
	mac BINARY(32)      NOT NULL
)
--;;
INSERT IGNORE INTO `{control}`.audit_heads (schema_name, seq, mac)
	SELECT '{schema}', seq, mac FROM audit_head_former WHERE id = 1
--;;
DROP TABLE IF EXISTS audit_head_former
