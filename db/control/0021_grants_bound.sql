-- Given by the calling tenant, or in its name by the platform.  SQLSTATE 45000: to itself or to a tenant that is not
-- active, by one that is not, for no time, or there are too many: p_most of the tenant that count, 20 of them to the other,
-- 50 made for it in a day.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE grant_add(IN p_id BINARY(16), IN p_grantee BINARY(16), IN p_user BINARY(16), IN p_roles VARCHAR(400) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_names TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_platform BOOLEAN, IN p_given_by BINARY(16), IN p_given_name VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_expires DATETIME(3), IN p_most INT)
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	DECLARE here BINARY(16) DEFAULT (SELECT id FROM tenants
		WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1) AND status = 'active');
	IF here IS NULL OR here = p_grantee OR p_expires <= NOW(3)
		OR NOT EXISTS (SELECT 1 FROM tenants WHERE id = p_grantee AND status = 'active')
		OR (SELECT COUNT(*) FROM grants WHERE tenant_id = here AND revoked_at IS NULL AND expires_at > NOW(3)) >= p_most
		OR (SELECT COUNT(*) FROM grants WHERE tenant_id = here AND grantee_tenant = p_grantee AND revoked_at IS NULL AND expires_at > NOW(3)) >= 20
		OR (SELECT COUNT(*) FROM grants WHERE tenant_id = here AND grantee_tenant = p_grantee AND created_at > NOW(3) - INTERVAL 1 DAY) >= 50 THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not to be given';
	END IF;
	INSERT INTO grants (id, tenant_id, grantee_tenant, grantee_user, roles, role_names, reason, given_tenant, given_by,
		given_name, created_at, expires_at)
	VALUES (p_id, here, p_grantee, p_user, p_roles, p_names, p_reason,
		IF(p_platform, (SELECT id FROM tenants WHERE slug = 'platform'), here), p_given_by, p_given_name, NOW(3), p_expires);
END
