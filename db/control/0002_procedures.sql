-- What a tenant's own transaction may write in the control schema.  The tenant is the account that
-- calls (its name is its schema's name), never an argument.  They run as an account that nobody can
-- sign in to; OR REPLACE keeps the tenants' grants, which DROP would take away.

CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE outbox_index_add(IN p_id BINARY(16), IN p_due_s INT)
	SQL SECURITY DEFINER MODIFIES SQL DATA
	INSERT INTO outbox_index (id, schema_name, next_due, created_at)
	VALUES (p_id, SUBSTRING_INDEX(USER(), '@', 1), NOW(3) + INTERVAL p_due_s SECOND, NOW(3))
--;;
-- A delivery is over: only the holder of the fence may say so (else SQLSTATE 45000, and the caller rolls back).
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE outbox_index_done(IN p_id BINARY(16), IN p_fence BIGINT UNSIGNED)
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	DELETE FROM outbox_index
	 WHERE id = p_id AND fence = p_fence AND schema_name = SUBSTRING_INDEX(USER(), '@', 1);
	IF ROW_COUNT() = 0 THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'fence lost';
	END IF;
END
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE outbox_index_retry(IN p_id BINARY(16), IN p_fence BIGINT UNSIGNED, IN p_due_s INT)
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	UPDATE outbox_index
	   SET next_due = NOW(3) + INTERVAL p_due_s SECOND, attempts = attempts + 1,
	       lease_owner = NULL, lease_until = NULL
	 WHERE id = p_id AND fence = p_fence AND schema_name = SUBSTRING_INDEX(USER(), '@', 1);
	IF ROW_COUNT() = 0 THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'fence lost';
	END IF;
END
