-- Schemas that are ready, with their accounts and rights, for tenants to come: making one takes long, taking one does not.

CREATE TABLE IF NOT EXISTS schema_pool (
	schema_name    VARCHAR(20) NOT NULL PRIMARY KEY,
	state          VARCHAR(16) NOT NULL, -- making, ready
	schema_version INT         NOT NULL DEFAULT 0,
	tenant_id      BINARY(16)  NULL,     -- who takes it, within the transaction that does
	at             DATETIME(3) NOT NULL, -- since when it is so
	KEY ready (state, at),
	KEY tenant (tenant_id)
)
--;;
-- A tenant is registered, "provisioning", with a schema of the pool that is at p_newest at least, or with that of its own
-- name, which is to be made.  Only the platform and the services may (else SQLSTATE 45000); a name that is taken is a
-- duplicate key.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE tenant_begin(IN p_id BINARY(16), IN p_slug VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_settings LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_schema VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_newest INT, IN p_created DATETIME(3))
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	DECLARE caller VARCHAR(80) DEFAULT SUBSTRING_INDEX(USER(), '@', 1);
	DECLARE taken VARCHAR(20) DEFAULT NULL;
	DECLARE version INT DEFAULT 0;
	IF caller REGEXP '^bsxt[0-9a-f]+$'
		AND NOT EXISTS (SELECT 1 FROM tenants WHERE schema_name = caller AND slug = 'platform') THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not permitted';
	END IF;
	UPDATE schema_pool SET tenant_id = p_id, state = 'taken'
	 WHERE state = 'ready' AND schema_version >= p_newest ORDER BY at LIMIT 1;
	IF ROW_COUNT() = 1 THEN
		SELECT s.schema_name, s.schema_version INTO taken, version FROM schema_pool s WHERE s.tenant_id = p_id;
	END IF;
	INSERT INTO tenants (id, slug, name, schema_name, status, settings, quota, schema_version, created_at)
	VALUES (p_id, p_slug, p_name, COALESCE(taken, p_schema), 'provisioning', p_settings, '{}', version, p_created);
	DELETE FROM schema_pool WHERE tenant_id = p_id;
END
