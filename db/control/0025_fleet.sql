-- What the fleet shows of each tenant: numbers of what it has, no values and no paths.  A deed of the tenant marks its row
-- in its own transaction; driftd counts what is marked.

CREATE TABLE IF NOT EXISTS fleet (
	schema_name   VARCHAR(20)     NOT NULL PRIMARY KEY,
	marked        BIGINT UNSIGNED NOT NULL DEFAULT 1, -- raised by each deed that changes what is counted
	roles_marked  BIGINT UNSIGNED NOT NULL DEFAULT 1, -- `marked` as of the last deed that changes what its grants lend
	due_at        DATETIME(3)     NOT NULL,           -- when it is counted next
	snapshot_at   DATETIME(3)     NULL,               -- its last complete snapshot
	counted       BIGINT UNSIGNED NOT NULL DEFAULT 0, -- `marked` before what follows was counted
	counted_at    DATETIME(3)     NULL,               -- NULL: never
	critical      INT UNSIGNED    NOT NULL DEFAULT 0, -- open alerts
	high          INT UNSIGNED    NOT NULL DEFAULT 0,
	medium        INT UNSIGNED    NOT NULL DEFAULT 0,
	low           INT UNSIGNED    NOT NULL DEFAULT 0,
	info          INT UNSIGNED    NOT NULL DEFAULT 0,
	worst         BIGINT UNSIGNED NOT NULL DEFAULT 0, -- the order of the list: of these five
	untaken_at    DATETIME(3)     NULL,               -- since when the oldest waits that nobody took
	configs       INT UNSIGNED    NOT NULL DEFAULT 0,
	blind         INT UNSIGNED    NOT NULL DEFAULT 0, -- of them
	users         INT UNSIGNED    NOT NULL DEFAULT 0,
	api_keys      INT UNSIGNED    NOT NULL DEFAULT 0,
	snapshots     INT UNSIGNED    NOT NULL DEFAULT 0, -- of the day `day`, in days since 1970-01-01
	day           INT UNSIGNED    NOT NULL DEFAULT 0,
	storage_bytes BIGINT UNSIGNED NOT NULL DEFAULT 0,
	KEY due_at (due_at)
)
--;;
INSERT IGNORE INTO fleet (schema_name, due_at) SELECT schema_name, NOW(3) FROM tenants
--;;
ALTER TABLE grants
	ADD COLUMN IF NOT EXISTS lends TINYINT UNSIGNED NOT NULL DEFAULT 0 -- of its roles, as they were counted: 1 read:alerts, 2 read:drift, 4 read:tenants; 8 one of them needs a second factor
--;;
-- The calling tenant's row is to be counted; p_roles: until then its grants lend nothing here.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE fleet_mark(IN p_roles BOOLEAN)
	SQL SECURITY DEFINER MODIFIES SQL DATA
	INSERT INTO fleet (schema_name, due_at) VALUES (SUBSTRING_INDEX(USER(), '@', 1), NOW(3))
	ON DUPLICATE KEY UPDATE marked = marked + 1, roles_marked = IF(p_roles, marked, roles_marked),
	       due_at = LEAST(due_at, NOW(3))
--;;
-- The calling tenant has a complete snapshot of that instant.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE fleet_seen(IN p_at DATETIME(3))
	SQL SECURITY DEFINER MODIFIES SQL DATA
	INSERT INTO fleet (schema_name, due_at, snapshot_at) VALUES (SUBSTRING_INDEX(USER(), '@', 1), NOW(3), p_at)
	ON DUPLICATE KEY UPDATE snapshot_at = GREATEST(COALESCE(snapshot_at, p_at), p_at)
