-- What the platform allows a tenant, if it is still p_was (else SQLSTATE 45000).
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE tenant_quota_set(IN p_id BINARY(16), IN p_quota LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_was LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin)
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	DECLARE caller VARCHAR(63) DEFAULT (SELECT slug FROM tenants
		WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1));
	DECLARE there BINARY(16) DEFAULT (SELECT id FROM tenants
		WHERE id = p_id AND quota = p_was FOR UPDATE);
	IF caller IS NULL OR caller <> 'platform' OR there IS NULL THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not permitted, or outrun';
	END IF;
	UPDATE tenants SET quota = p_quota WHERE id = there;
END
