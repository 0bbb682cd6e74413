-- When driftd looked last at a trail to sign a checkpoint of it, and whether a tenant's tree is guarded.

ALTER TABLE audit_heads
	ADD COLUMN IF NOT EXISTS looked_at DATETIME(3) NULL
--;;
-- How far the calling tenant's trail has checkpoints, as the service knows it.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE audit_checkpointed()
	SQL SECURITY DEFINER READS SQL DATA
	SELECT checkpoint FROM audit_heads WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1)
--;;
-- How many of the six triggers that guard leaves, checkpoints and closed chains of the calling tenant are there, and say what they should.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE audit_tree_guards()
	SQL SECURITY DEFINER READS SQL DATA
	SELECT COUNT(*) AS guards FROM information_schema.TRIGGERS
	 WHERE TRIGGER_SCHEMA = SUBSTRING_INDEX(USER(), '@', 1) AND ACTION_TIMING = 'BEFORE'
	   AND CONCAT(EVENT_MANIPULATION, ' ', EVENT_OBJECT_TABLE, ' ', ACTION_STATEMENT) IN (
	       'UPDATE audit_tree SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = ''a leaf never changes''',
	       'DELETE audit_tree SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = ''a leaf stays''',
	       'UPDATE audit_checkpoints SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = ''a checkpoint never changes''',
	       'DELETE audit_checkpoints SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = ''a checkpoint stays''',
	       'UPDATE audit_chains SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = ''a closed chain never changes''',
	       'DELETE audit_chains SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = ''a closed chain stays''')
