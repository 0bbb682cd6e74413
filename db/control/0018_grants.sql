-- What one tenant lets people of another do in it, until a day; and entries for another tenant's trail, which driftd
-- carries there.

CREATE TABLE IF NOT EXISTS grants (
	id             BINARY(16)   NOT NULL PRIMARY KEY,
	tenant_id      BINARY(16)   NOT NULL, -- that gives
	grantee_tenant BINARY(16)   NOT NULL,
	grantee_user   BINARY(16)   NULL,     -- of that tenant; NULL: all of its people and keys
	roles          VARCHAR(400) NOT NULL, -- ids of roles of the tenant that gives, as text, commas between
	role_names     TEXT         NOT NULL, -- as they were called then, LF between
	reason         VARCHAR(500) NOT NULL,
	given_tenant   BINARY(16)   NOT NULL, -- the tenant that gives, or the platform
	given_by       BINARY(16)   NULL,
	given_name     VARCHAR(320) NOT NULL,
	created_at     DATETIME(3)  NOT NULL,
	expires_at     DATETIME(3)  NOT NULL,
	revoked_at     DATETIME(3)  NULL,
	revoked_tenant BINARY(16)   NULL,
	revoked_name   VARCHAR(320) NULL,
	used_at        DATETIME(3)  NULL,     -- within ten minutes
	KEY giver (tenant_id, id),
	KEY received (grantee_tenant, id),
	KEY lent (grantee_tenant, tenant_id, expires_at),
	KEY ended (expires_at)
)
--;;
CREATE TABLE IF NOT EXISTS audit_inbox (
	id           BINARY(16)   NOT NULL PRIMARY KEY, -- of the entry that it becomes
	tenant_id    BINARY(16)   NOT NULL,             -- in whose trail
	from_tenant  BINARY(16)   NOT NULL,             -- where it was done
	action       VARCHAR(32)  NOT NULL,
	outcome      VARCHAR(16)  NOT NULL,
	actor_kind   VARCHAR(16)  NOT NULL,
	actor_id     BINARY(16)   NULL,
	actor_name   VARCHAR(320) NOT NULL,
	actor_tenant BINARY(16)   NULL,
	target_id    BINARY(16)   NULL,
	address      VARCHAR(64)  NOT NULL,
	user_agent   VARCHAR(400) NOT NULL,
	request_id   VARCHAR(64)  NOT NULL,
	details      TEXT         NOT NULL,
	at           DATETIME(3)  NOT NULL
)
--;;
-- Given by the calling tenant, or in its name by the platform.  SQLSTATE 45000: to itself or to a tenant that is not
-- active, by one that is not, for no time, or p_most are lent already.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE grant_add(IN p_id BINARY(16), IN p_grantee BINARY(16), IN p_user BINARY(16), IN p_roles VARCHAR(400) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_names TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_platform BOOLEAN, IN p_given_by BINARY(16), IN p_given_name VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_expires DATETIME(3), IN p_most INT)
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	DECLARE here BINARY(16) DEFAULT (SELECT id FROM tenants
		WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1) AND status = 'active');
	IF here IS NULL OR here = p_grantee OR p_expires <= NOW(3)
		OR NOT EXISTS (SELECT 1 FROM tenants WHERE id = p_grantee AND status = 'active')
		OR (SELECT COUNT(*) FROM grants WHERE tenant_id = here AND revoked_at IS NULL AND expires_at > NOW(3)) >= p_most THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not to be given';
	END IF;
	INSERT INTO grants (id, tenant_id, grantee_tenant, grantee_user, roles, role_names, reason, given_tenant, given_by,
		given_name, created_at, expires_at)
	VALUES (p_id, here, p_grantee, p_user, p_roles, p_names, p_reason,
		IF(p_platform, (SELECT id FROM tenants WHERE slug = 'platform'), here), p_given_by, p_given_name, NOW(3), p_expires);
END
--;;
-- Ended by the calling tenant, which gave it or was given it, or in its name by the platform.  SQLSTATE 45000: it is over,
-- or neither's.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE grant_revoke(IN p_id BINARY(16), IN p_platform BOOLEAN, IN p_name VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin)
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	DECLARE here BINARY(16) DEFAULT (SELECT id FROM tenants
		WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1));
	UPDATE grants SET revoked_at = NOW(3), revoked_name = p_name,
		revoked_tenant = IF(p_platform, (SELECT id FROM tenants WHERE slug = 'platform'), here)
	 WHERE id = p_id AND (tenant_id = here OR grantee_tenant = here) AND revoked_at IS NULL AND expires_at > NOW(3);
	IF ROW_COUNT() = 0 THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'it is over';
	END IF;
END
--;;
-- An entry for the trail of a tenant that a grant ties to the calling one (else SQLSTATE 45000), in the transaction of
-- the deed that it is about.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE audit_forward(IN p_id BINARY(16), IN p_tenant BINARY(16), IN p_action VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_outcome VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_actor_kind VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_actor_id BINARY(16), IN p_actor_name VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_actor_tenant BINARY(16), IN p_target_id BINARY(16), IN p_address VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_user_agent VARCHAR(400) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_request_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_details TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_at DATETIME(3))
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	DECLARE here BINARY(16) DEFAULT (SELECT id FROM tenants
		WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1));
	IF here IS NULL OR NOT EXISTS (
		SELECT 1 FROM grants WHERE tenant_id = here AND (grantee_tenant = p_tenant OR given_tenant = p_tenant OR revoked_tenant = p_tenant)
		UNION SELECT 1 FROM grants WHERE grantee_tenant = here AND (tenant_id = p_tenant OR revoked_tenant = p_tenant)) THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not permitted';
	END IF;
	INSERT INTO audit_inbox (id, tenant_id, from_tenant, action, outcome, actor_kind, actor_id, actor_name, actor_tenant,
		target_id, address, user_agent, request_id, details, at)
	VALUES (p_id, p_tenant, here, p_action, p_outcome, p_actor_kind, p_actor_id, p_actor_name, p_actor_tenant, p_target_id,
		p_address, p_user_agent, p_request_id, p_details, p_at);
END
