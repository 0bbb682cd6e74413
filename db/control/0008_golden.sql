-- Golden baselines that the platform shares with every tenant.  Tenants reach them through the procedures only; the
-- body is sealed under a key of the keyring, so that an account that could read the table would learn nothing.

CREATE TABLE IF NOT EXISTS golden_shared (
	id          BINARY(16)      NOT NULL PRIMARY KEY,
	owner       BINARY(16)      NOT NULL, -- the tenant it is a template of
	name        VARCHAR(200)    NOT NULL,
	description VARCHAR(2000)   NOT NULL,
	version     BIGINT UNSIGNED NOT NULL,
	revision    BIGINT UNSIGNED NOT NULL,
	resources   INT UNSIGNED    NOT NULL,
	size        INT UNSIGNED    NOT NULL, -- of the whole text
	body        MEDIUMBLOB      NOT NULL, -- compressed, sealed
	created_at  DATETIME(3)     NOT NULL,
	updated_at  DATETIME(3)     NOT NULL
)
--;;
CREATE TABLE IF NOT EXISTS golden_uses (
	schema_name VARCHAR(20) NOT NULL,
	config_id   BINARY(16)  NOT NULL,
	golden_id   BINARY(16)  NOT NULL,
	PRIMARY KEY (schema_name, config_id),
	KEY golden (golden_id)
)
--;;
-- Only the platform's account may (else SQLSTATE 45000).
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE golden_publish(IN p_id BINARY(16), IN p_name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_description VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_version BIGINT UNSIGNED, IN p_revision BIGINT UNSIGNED, IN p_resources INT UNSIGNED, IN p_size INT UNSIGNED, IN p_body MEDIUMBLOB, IN p_created DATETIME(3), IN p_updated DATETIME(3))
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	DECLARE caller BINARY(16) DEFAULT (SELECT id FROM tenants
		WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1) AND slug = 'platform');
	IF caller IS NULL THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not permitted';
	END IF;
	INSERT INTO golden_shared (id, owner, name, description, version, revision, resources, size, body, created_at, updated_at)
	VALUES (p_id, caller, p_name, p_description, p_version, p_revision, p_resources, p_size, p_body, p_created, p_updated)
	ON DUPLICATE KEY UPDATE name = p_name, description = p_description, version = p_version, revision = p_revision,
	       resources = p_resources, size = p_size, body = p_body, updated_at = p_updated;
END
--;;
-- Shared no more: not while a config of another tenant is bound to it, nor by another than its owner (SQLSTATE 45000).
-- Whoever binds to it at that moment holds the row, or finds it gone.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE golden_withdraw(IN p_id BINARY(16))
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	DECLARE caller BINARY(16) DEFAULT (SELECT id FROM tenants
		WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1));
	DECLARE there BINARY(16) DEFAULT (SELECT id FROM golden_shared WHERE id = p_id AND owner = caller FOR UPDATE);
	IF there IS NULL THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not permitted';
	END IF;
	IF EXISTS (SELECT 1 FROM golden_uses u JOIN tenants t ON t.schema_name = u.schema_name WHERE u.golden_id = p_id) THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'in use';
	END IF;
	DELETE FROM golden_shared WHERE id = there;
END
--;;
-- The calling tenant's config is bound to a shared one; NULL: to none.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE golden_use(IN p_config BINARY(16), IN p_golden BINARY(16))
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	DECLARE there BINARY(16) DEFAULT (SELECT id FROM golden_shared WHERE id = p_golden LOCK IN SHARE MODE);
	IF p_golden IS NOT NULL AND there IS NULL THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no such template';
	END IF;
	DELETE FROM golden_uses WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1) AND config_id = p_config;
	IF p_golden IS NOT NULL THEN
		INSERT INTO golden_uses (schema_name, config_id, golden_id)
		VALUES (SUBSTRING_INDEX(USER(), '@', 1), p_config, p_golden);
	END IF;
END
--;;
-- What every tenant may read, without bodies: newest first, those made before p_after (NULL: all).
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE golden_shared_list(IN p_after BINARY(16), IN p_limit BIGINT)
	SQL SECURITY DEFINER READS SQL DATA
	SELECT id, name, description, version, revision, resources, created_at, updated_at
	  FROM golden_shared WHERE p_after IS NULL OR id < p_after ORDER BY id DESC LIMIT p_limit
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE golden_shared_head(IN p_id BINARY(16))
	SQL SECURITY DEFINER READS SQL DATA
	SELECT id, name, description, version, revision, resources, created_at, updated_at
	  FROM golden_shared WHERE id = p_id
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE golden_shared_body(IN p_id BINARY(16))
	SQL SECURITY DEFINER READS SQL DATA
	SELECT version, size, body FROM golden_shared WHERE id = p_id
