-- Why a tenant is suspended or deleted, since when, and until when it may be had back; and what has been erased.

ALTER TABLE tenants
	ADD COLUMN IF NOT EXISTS status_reason VARCHAR(500) NOT NULL DEFAULT '',
	ADD COLUMN IF NOT EXISTS status_at     DATETIME(3)  NULL,                -- since when it is what it is
	ADD COLUMN IF NOT EXISTS status_was    VARCHAR(16)  NOT NULL DEFAULT '', -- of a deleted one: what it is again when it is had back
	ADD COLUMN IF NOT EXISTS erase_at      DATETIME(3)  NULL,
	ADD COLUMN IF NOT EXISTS erase_op      BINARY(16)   NULL                 -- the operation that erases it
--;;
-- What is left of an erased tenant: what was destroyed, when, and the signed receipt.  A row is made before anything is
-- destroyed; each column is set once, so that whoever goes on finds how far it has come.
CREATE TABLE IF NOT EXISTS erasures (
	id          BINARY(16)   NOT NULL PRIMARY KEY, -- the operation
	tenant_id   BINARY(16)   NOT NULL,
	slug        VARCHAR(63)  NOT NULL,
	name        VARCHAR(200) NOT NULL,
	schema_name VARCHAR(20)  NOT NULL,
	reason      VARCHAR(500) NOT NULL,
	asked_name  VARCHAR(320) NOT NULL,
	asked_at    DATETIME(3)  NOT NULL,
	counts      LONGTEXT     NOT NULL,             -- a JSON object of what it had; {}: it could not be counted
	began_at    DATETIME(3)  NOT NULL,
	keys_n      INT UNSIGNED NOT NULL DEFAULT 0,
	keys_at     DATETIME(3)  NULL,                 -- its data keys are destroyed since then
	schema_at   DATETIME(3)  NULL,                 -- its schema and account
	rows_n      BIGINT UNSIGNED NOT NULL DEFAULT 0, -- rows of this schema that were about it
	receipt     TEXT         NULL,                 -- the signed note
	KEY tenant_id (tenant_id)
)
--;;
-- Only the platform's account may, for a tenant that is not its own: "active", "suspended", "deleting" (p_op carries it out,
-- p_grace_s from now; NULL: it is being deleted already, and now so soon), "back" (it is not deleted after all).
-- SQLSTATE 45000: not from what it is now.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE tenant_turn(IN p_id BINARY(16), IN p_to VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_grace_s BIGINT, IN p_op BINARY(16))
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	DECLARE caller VARCHAR(63) DEFAULT (SELECT slug FROM tenants
		WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1));
	DECLARE is_now VARCHAR(16) DEFAULT (SELECT status FROM tenants WHERE id = p_id AND slug <> 'platform' FOR UPDATE);
	IF caller IS NULL OR caller <> 'platform' OR is_now IS NULL OR NOT COALESCE(CASE p_to
		WHEN 'active' THEN is_now IN ('active', 'suspended')
		WHEN 'suspended' THEN is_now IN ('active', 'suspended')
		WHEN 'back' THEN is_now = 'deleting'
		WHEN 'deleting' THEN CASE is_now
			WHEN 'deleting' THEN p_op IS NULL
			WHEN 'provisioning' THEN p_op IS NOT NULL AND NOT EXISTS
				(SELECT 1 FROM operations WHERE tenant_id = p_id AND state = 'running' AND kind = 'tenant.create')
			ELSE p_op IS NOT NULL AND is_now IN ('active', 'suspended') END
		END, FALSE) THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not permitted';
	END IF;
	IF p_to = 'back' THEN
		UPDATE operations SET cancel = TRUE, next_due = LEAST(next_due, NOW(3))
		 WHERE state = 'running' AND id = (SELECT erase_op FROM tenants WHERE id = p_id);
		UPDATE tenants SET status = status_was, status_was = '', status_reason = p_reason, status_at = NOW(3),
		       erase_at = NULL, erase_op = NULL WHERE id = p_id;
	ELSEIF p_to <> 'deleting' THEN
		UPDATE tenants SET status_at = IF(status = p_to, status_at, NOW(3)), status_reason = p_reason, status = p_to
		 WHERE id = p_id;
	ELSEIF is_now = 'deleting' THEN
		UPDATE tenants SET erase_at = LEAST(erase_at, NOW(3) + INTERVAL p_grace_s SECOND) WHERE id = p_id;
		UPDATE operations SET next_due = (SELECT erase_at FROM tenants WHERE id = p_id)
		 WHERE state = 'running' AND id = (SELECT erase_op FROM tenants WHERE id = p_id);
	ELSE
		UPDATE tenants SET status_was = status, status = p_to, status_reason = p_reason, status_at = NOW(3),
		       erase_at = NOW(3) + INTERVAL p_grace_s SECOND, erase_op = p_op WHERE id = p_id;
	END IF;
	UPDATE run_index SET paused = (SELECT status <> 'active' FROM tenants WHERE id = p_id)
	 WHERE schema_name = (SELECT schema_name FROM tenants WHERE id = p_id);
END
--;;
-- As before, for programs of before: without a reason.
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
	UPDATE tenants SET status_at = IF(status = p_status, status_at, NOW(3)), status_reason = '', status = p_status
	 WHERE id = there;
	UPDATE run_index SET paused = p_status <> 'active'
	 WHERE schema_name = (SELECT schema_name FROM tenants WHERE id = there);
END
