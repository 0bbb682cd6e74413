-- What one person has asked for about second persons, and another has not confirmed, stands beside a tenant's settings: programs that
-- know nothing of it read those as before.

ALTER TABLE tenants
	ADD COLUMN IF NOT EXISTS settings_pending LONGTEXT NOT NULL DEFAULT '' -- a JSON object (core/auth/settings_second.h); '': nothing
--;;
UPDATE tenants SET settings = JSON_REMOVE(settings, '$.four_eyes.pending') WHERE JSON_EXISTS(settings, '$.four_eyes.pending')
--;;
-- As tenant_settings_set, with what is pending: both are changed from what they were read as (else SQLSTATE 45000).
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE tenant_settings_change(IN p_name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_settings LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_was LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_pending LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_pending_was LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin)
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	DECLARE here BINARY(16) DEFAULT (SELECT id FROM tenants
		WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1) AND settings = p_was AND settings_pending = p_pending_was FOR UPDATE);
	IF here IS NULL THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'changed at the same time';
	END IF;
	UPDATE tenants SET name = p_name, settings = p_settings, settings_pending = p_pending WHERE id = here;
END
