-- A message that is in the index already is due at the earlier of two instants.  OR REPLACE keeps the tenants' grants.

CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE outbox_index_add(IN p_id BINARY(16), IN p_due_s INT)
	SQL SECURITY DEFINER MODIFIES SQL DATA
	INSERT INTO outbox_index (id, schema_name, next_due, created_at)
	VALUES (p_id, SUBSTRING_INDEX(USER(), '@', 1), NOW(3) + INTERVAL p_due_s SECOND, NOW(3))
	ON DUPLICATE KEY UPDATE next_due = IF(schema_name = SUBSTRING_INDEX(USER(), '@', 1), LEAST(next_due, VALUES(next_due)), next_due)
