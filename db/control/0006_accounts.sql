-- What a tenant decides about itself, and whether the platform lets it work.

-- The tenant is the account that calls; p_was is the text that the change was made from (SQLSTATE 45000:
-- somebody else was faster).
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE tenant_settings_set(IN p_name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_settings LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_was LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin)
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	DECLARE here BINARY(16) DEFAULT (SELECT id FROM tenants
		WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1) AND settings = p_was FOR UPDATE);
	IF here IS NULL THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'changed at the same time';
	END IF;
	UPDATE tenants SET name = p_name, settings = p_settings WHERE id = here;
END
--;;
-- Only the platform's account may, for a tenant that is not its own.
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
END
