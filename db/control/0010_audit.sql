-- Where each tenant's audit trail ends and begins.  It is not in the tenant's schema, so that the tenant's account
-- cannot set it back: it moves by these procedures only, and forward only.

CREATE TABLE IF NOT EXISTS audit_heads (
	schema_name VARCHAR(20)     NOT NULL PRIMARY KEY,
	seq         BIGINT UNSIGNED NOT NULL, -- of the last entry; 0: none yet
	mac         BINARY(32)      NOT NULL, -- the last entry's
	floor       BIGINT UNSIGNED NOT NULL DEFAULT 0, -- entries up to it may be deleted
	checkpoint  BIGINT UNSIGNED NOT NULL DEFAULT 0  -- how far the floor may go; moved by the service's account only
)
--;;
-- The calling tenant's; p_take: others wait until the caller's transaction ends.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE audit_head(IN p_take BOOLEAN)
	SQL SECURITY DEFINER READS SQL DATA
BEGIN
	IF p_take THEN
		SELECT seq, mac, floor FROM audit_heads WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1) FOR UPDATE;
	ELSE
		SELECT seq, mac, floor FROM audit_heads WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1);
	END IF;
END
--;;
-- To the next entry, or several: never back, and only from where it is (else SQLSTATE 45000: it was outrun).
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE audit_advance(IN p_from BIGINT UNSIGNED, IN p_to BIGINT UNSIGNED, IN p_mac BINARY(32))
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	UPDATE audit_heads SET seq = p_to, mac = p_mac
	 WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1) AND seq = p_from AND p_to > p_from;
	IF ROW_COUNT() = 0 THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not the head';
	END IF;
END
--;;
-- Entries up to p_seq may be deleted from now on: never back, and only up to a checkpoint (else SQLSTATE 45000).
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE audit_floor(IN p_seq BIGINT UNSIGNED)
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	UPDATE audit_heads SET floor = p_seq
	 WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1) AND floor < p_seq AND p_seq <= checkpoint AND p_seq <= seq;
	IF ROW_COUNT() = 0 THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'back, or beyond the checkpoint';
	END IF;
END
--;;
-- How many of the two triggers that guard the calling tenant's trail are there, and say what they should.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE audit_guards()
	SQL SECURITY DEFINER READS SQL DATA
	SELECT COUNT(*) AS guards FROM information_schema.TRIGGERS
	 WHERE TRIGGER_SCHEMA = SUBSTRING_INDEX(USER(), '@', 1) AND EVENT_OBJECT_TABLE = 'audit' AND ACTION_TIMING = 'BEFORE'
	   AND (EVENT_MANIPULATION = 'UPDATE' AND ACTION_STATEMENT
	        = 'SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = ''an audit entry never changes'''
	     OR EVENT_MANIPULATION = 'DELETE' AND ACTION_STATEMENT
	        = 'IF OLD.seq > COALESCE((SELECT floor FROM `{control}`.audit_heads WHERE schema_name = DATABASE()), 0) THEN SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = ''an audit entry stays''; END IF')
