-- Long work that somebody asked for: it is claimed by a lease with a fence, told of as it goes on, and goes on elsewhere
-- when whoever carried it is gone.  `owner` is the tenant that asked: nobody else sees it.

CREATE TABLE IF NOT EXISTS operations (
	id          BINARY(16)      NOT NULL PRIMARY KEY,
	owner       BINARY(16)      NOT NULL,
	kind        VARCHAR(32)     NOT NULL,
	tenant_id   BINARY(16)      NULL,     -- that it is about
	asked_by    BINARY(16)      NULL,     -- a user or an API key of the owner
	asked_name  VARCHAR(320)    NOT NULL,
	state       VARCHAR(16)     NOT NULL, -- running, done, failed, cancelled
	done        BIGINT UNSIGNED NOT NULL DEFAULT 0,
	total       BIGINT UNSIGNED NOT NULL DEFAULT 0,
	step        VARCHAR(200)    NOT NULL DEFAULT '', -- what is done now
	input       MEDIUMBLOB      NULL,     -- sealed under the owner's data key
	cancel      BOOLEAN         NOT NULL DEFAULT FALSE, -- somebody asked for its end
	attempts    INT UNSIGNED    NOT NULL DEFAULT 0, -- in a row that came to nothing
	created_at  DATETIME(3)     NOT NULL,
	started_at  DATETIME(3)     NULL,
	finished_at DATETIME(3)     NULL,
	next_due    DATETIME(3)     NOT NULL,
	lease_owner BINARY(16)      NULL,
	lease_until DATETIME(3)     NULL,
	fence       BIGINT UNSIGNED NOT NULL DEFAULT 0,
	error       VARCHAR(400)    NULL,
	result      LONGTEXT        NULL,
	claim_at    DATETIME(3)     AS (GREATEST(next_due, COALESCE(lease_until, next_due))) PERSISTENT,
	KEY due (state, claim_at),
	KEY owner (owner, id),
	KEY tenant (tenant_id, state),
	KEY lease_owner (lease_owner)
)
--;;
-- Asked for by the calling tenant.  What is about tenants only the platform may ask for (else SQLSTATE 45000).
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE operation_add(IN p_id BINARY(16), IN p_kind VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_tenant BINARY(16), IN p_asked_by BINARY(16), IN p_asked_name VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_total BIGINT UNSIGNED, IN p_step VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_input MEDIUMBLOB, IN p_due_s BIGINT)
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	DECLARE here BINARY(16) DEFAULT (SELECT id FROM tenants
		WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1));
	IF here IS NULL OR (p_kind LIKE 'tenant.%'
		AND NOT EXISTS (SELECT 1 FROM tenants WHERE id = here AND slug = 'platform')) THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not permitted';
	END IF;
	INSERT INTO operations (id, owner, kind, tenant_id, asked_by, asked_name, state, total, step, input, created_at, next_due)
	VALUES (p_id, here, p_kind, p_tenant, p_asked_by, p_asked_name, 'running', p_total, p_step, p_input, NOW(3),
		NOW(3) + INTERVAL p_due_s SECOND);
END
--;;
-- The calling tenant wants it no more: whoever carries it sees to that, now.  SQLSTATE 45000: it is over, or is another's.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE operation_cancel(IN p_id BINARY(16))
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	UPDATE operations SET cancel = TRUE, next_due = LEAST(next_due, NOW(3))
	 WHERE id = p_id AND state = 'running' AND owner = (SELECT id FROM tenants
		WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1));
	IF ROW_COUNT() = 0 THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'it is over';
	END IF;
END
