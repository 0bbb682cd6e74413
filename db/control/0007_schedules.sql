-- What is due at an instant: beats of configs whose pushes are awaited. One row per kind and thing.
CREATE TABLE IF NOT EXISTS schedules (
	kind        VARCHAR(16)     NOT NULL,
	ref         BINARY(16)      NOT NULL, -- the config
	schema_name VARCHAR(20)     NOT NULL,
	next_due    DATETIME(3)     NOT NULL,
	lease_owner BINARY(16)      NULL,
	lease_until DATETIME(3)     NULL,
	fence       BIGINT UNSIGNED NOT NULL DEFAULT 0,
	PRIMARY KEY (schema_name, kind, ref),
	KEY next_due (next_due)
)
--;;
-- Due in p_due_s from now; below 0: not at all. Who holds a claim on the row loses it.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE schedule_set(IN p_kind VARCHAR(16), IN p_ref BINARY(16), IN p_due_s INT)
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	IF p_due_s < 0 THEN
		DELETE FROM schedules
		 WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1) AND kind = p_kind AND ref = p_ref;
	ELSE
		INSERT INTO schedules (kind, ref, schema_name, next_due)
		VALUES (p_kind, p_ref, SUBSTRING_INDEX(USER(), '@', 1), NOW(3) + INTERVAL p_due_s SECOND)
		ON DUPLICATE KEY UPDATE next_due = NOW(3) + INTERVAL p_due_s SECOND, fence = fence + 1,
		       lease_owner = NULL, lease_until = NULL;
	END IF;
END
--;;
-- A due row is seen to: only the holder of the fence may say so (else SQLSTATE 45000, and the caller rolls back).
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE schedule_done(IN p_kind VARCHAR(16), IN p_ref BINARY(16), IN p_fence BIGINT UNSIGNED)
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	DELETE FROM schedules
	 WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1) AND kind = p_kind AND ref = p_ref AND fence = p_fence;
	IF ROW_COUNT() = 0 THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'fence lost';
	END IF;
END
