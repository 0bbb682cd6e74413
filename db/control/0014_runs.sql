-- Which configs are to be collected, and from when on: one row for each config whose source collects.  A row that is held
-- runs out of its lease by itself; `moved` says that the tenant has set it anew meanwhile, and then it stays as it was set.
CREATE TABLE IF NOT EXISTS run_index (
	schema_name VARCHAR(20)     NOT NULL,
	ref         BINARY(16)      NOT NULL, -- the config
	next_due    DATETIME(3)     NOT NULL,
	lease_owner BINARY(16)      NULL,
	lease_host  VARCHAR(255)    NULL,
	lease_until DATETIME(3)     NULL,
	fence       BIGINT UNSIGNED NOT NULL DEFAULT 0,
	moved       BOOLEAN         NOT NULL DEFAULT FALSE,
	paused      BOOLEAN         NOT NULL DEFAULT FALSE, -- its tenant is suspended
	claim_at    DATETIME(3)     AS (GREATEST(next_due, COALESCE(lease_until, next_due))) PERSISTENT,
	PRIMARY KEY (schema_name, ref),
	KEY claim_at (paused, claim_at),
	KEY lease_until (lease_until, lease_host),
	KEY lease_owner (lease_owner)
)
--;;
-- Due at p_due (NULL: not by itself).  Whoever holds the row goes on, and leaves the instant as it is.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE run_index_set(IN p_ref BINARY(16), IN p_due DATETIME(3))
	SQL SECURITY DEFINER MODIFIES SQL DATA
	INSERT INTO run_index (schema_name, ref, next_due)
	VALUES (SUBSTRING_INDEX(USER(), '@', 1), p_ref, COALESCE(p_due, '9999-12-31 00:00:00.000'))
	ON DUPLICATE KEY UPDATE next_due = VALUES(next_due), moved = lease_owner IS NOT NULL
--;;
-- Due now, whatever it was.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE run_index_hasten(IN p_ref BINARY(16))
	SQL SECURITY DEFINER MODIFIES SQL DATA
	INSERT INTO run_index (schema_name, ref, next_due)
	VALUES (SUBSTRING_INDEX(USER(), '@', 1), p_ref, NOW(3))
	ON DUPLICATE KEY UPDATE next_due = LEAST(next_due, NOW(3)), moved = lease_owner IS NOT NULL
--;;
-- Nothing is collected any more.  Whoever holds the row has lost it.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE run_index_drop(IN p_ref BINARY(16))
	SQL SECURITY DEFINER MODIFIES SQL DATA
	DELETE FROM run_index WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1) AND ref = p_ref
--;;
-- A claim is over: only the holder of the fence may say so (else SQLSTATE 45000, and the caller rolls back).
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE run_index_done(IN p_ref BINARY(16), IN p_fence BIGINT UNSIGNED, IN p_due DATETIME(3))
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	UPDATE run_index
	   SET next_due = IF(moved, next_due, COALESCE(p_due, '9999-12-31 00:00:00.000')), moved = FALSE,
	       lease_owner = NULL, lease_host = NULL, lease_until = NULL
	 WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1) AND ref = p_ref AND fence = p_fence AND lease_owner IS NOT NULL;
	IF ROW_COUNT() = 0 THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'fence lost';
	END IF;
END
--;;
-- The holder of the fence begins, or goes on: else SQLSTATE 45000, and the caller rolls back.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE run_index_hold(IN p_ref BINARY(16), IN p_fence BIGINT UNSIGNED)
	SQL SECURITY DEFINER READS SQL DATA
	IF NOT EXISTS (SELECT 1 FROM run_index WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1) AND ref = p_ref
		AND fence = p_fence AND lease_owner IS NOT NULL FOR UPDATE) THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'fence lost';
	END IF
--;;
-- As before, and what is due of a suspended tenant waits until it is active again.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE tenant_status_set(IN p_id BINARY(16), IN p_status VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin)
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	DECLARE caller VARCHAR(63) DEFAULT (SELECT slug FROM tenants
		WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1));
	DECLARE there BINARY(16) DEFAULT (SELECT id FROM tenants
		WHERE id = p_id AND slug <> 'platform' AND status IN ('active', 'suspended') FOR UPDATE);
	IF caller IS NULL OR caller <> 'platform' OR there IS NULL OR p_status NOT IN ('active', 'suspended') THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not permitted';
	END IF;
	UPDATE tenants SET status = p_status WHERE id = there;
	UPDATE run_index SET paused = p_status = 'suspended'
	 WHERE schema_name = (SELECT schema_name FROM tenants WHERE id = there);
END
