-- As schedule_set, for what is asked for again and again: due by then, and sooner where it was to be sooner.  One that is
-- being seen to comes again, since there is more to see.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE schedule_by(IN p_kind VARCHAR(16), IN p_ref BINARY(16), IN p_due_s INT)
	SQL SECURITY DEFINER MODIFIES SQL DATA
	INSERT INTO schedules (kind, ref, schema_name, next_due)
	VALUES (p_kind, p_ref, SUBSTRING_INDEX(USER(), '@', 1), NOW(3) + INTERVAL p_due_s SECOND)
	ON DUPLICATE KEY UPDATE
	       next_due = IF(lease_owner IS NULL, LEAST(next_due, NOW(3) + INTERVAL p_due_s SECOND), NOW(3) + INTERVAL p_due_s SECOND),
	       fence = fence + 1, lease_owner = NULL, lease_until = NULL
