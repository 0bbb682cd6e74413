-- Nobody sets the head of an audit trail back, whichever account they have: the service's may write in this schema, but
-- neither drop nor replace these triggers, which run as an account that nobody can sign in to.

-- Forward only, and not so far at once that a trail would run out of numbers.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_head_forward BEFORE UPDATE ON audit_heads FOR EACH ROW
	IF NOT COALESCE(NEW.schema_name = OLD.schema_name AND NEW.seq >= OLD.seq AND NEW.seq <= OLD.seq + 1000 AND NEW.floor >= OLD.floor AND NEW.checkpoint >= OLD.checkpoint AND (NEW.seq > OLD.seq OR NEW.mac = OLD.mac), FALSE) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'an audit head only goes forward'; END IF
--;;
-- It goes with its tenant: when neither the tenant nor its schema is there any more.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_head_stays BEFORE DELETE ON audit_heads FOR EACH ROW
	IF EXISTS (SELECT 1 FROM tenants WHERE schema_name = OLD.schema_name) OR EXISTS (SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = OLD.schema_name) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'an audit head stays'; END IF
--;;
-- How many of the four triggers that guard the calling tenant's trail and all heads are there, and say what they should.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE audit_guards()
	SQL SECURITY DEFINER READS SQL DATA
	SELECT COUNT(*) AS guards FROM information_schema.TRIGGERS
	 WHERE ACTION_TIMING = 'BEFORE'
	   AND (TRIGGER_SCHEMA = SUBSTRING_INDEX(USER(), '@', 1) AND EVENT_OBJECT_TABLE = 'audit'
	    AND (EVENT_MANIPULATION = 'UPDATE' AND ACTION_STATEMENT
	         = 'SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = ''an audit entry never changes'''
	      OR EVENT_MANIPULATION = 'DELETE' AND ACTION_STATEMENT
	         = 'IF OLD.seq > COALESCE((SELECT floor FROM `{control}`.audit_heads WHERE schema_name = DATABASE()), 0) THEN SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = ''an audit entry stays''; END IF')
	    OR TRIGGER_SCHEMA = '{control}' AND EVENT_OBJECT_TABLE = 'audit_heads'
	    AND (EVENT_MANIPULATION = 'UPDATE' AND ACTION_STATEMENT
	         = 'IF NOT COALESCE(NEW.schema_name = OLD.schema_name AND NEW.seq >= OLD.seq AND NEW.seq <= OLD.seq + 1000 AND NEW.floor >= OLD.floor AND NEW.checkpoint >= OLD.checkpoint AND (NEW.seq > OLD.seq OR NEW.mac = OLD.mac), FALSE) THEN SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = ''an audit head only goes forward''; END IF'
	      OR EVENT_MANIPULATION = 'DELETE' AND ACTION_STATEMENT
	         = 'IF EXISTS (SELECT 1 FROM tenants WHERE schema_name = OLD.schema_name) OR EXISTS (SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = OLD.schema_name) THEN SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = ''an audit head stays''; END IF'))
