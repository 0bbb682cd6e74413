-- Which channels are told a tenant's audit trail, and which of them have not had all of it: seen by one look for all tenants.  How far
-- each has come stands in the tenant's schema (audit_feeds there), and is changed in the same transaction.

CREATE TABLE IF NOT EXISTS audit_feeds (
	schema_name  VARCHAR(20)     NOT NULL,
	channel_id   BINARY(16)      NOT NULL,
	seq          BIGINT UNSIGNED NOT NULL,           -- as there; 0 while it is told a chain that is closed
	due_at       DATETIME(3)     NOT NULL,           -- not before, where there is more behind seq
	lease_owner  BINARY(16)      NULL,
	lease_until  DATETIME(3)     NULL,
	fence        BIGINT UNSIGNED NOT NULL DEFAULT 0,
	behind_since DATETIME(3)     NULL,               -- since when it has not had all there was; NULL: it has
	PRIMARY KEY (schema_name, channel_id),
	KEY due_at (due_at)
)
--;;
-- The calling tenant's channel is told what comes behind p_seq, from now on.  Who holds a claim on it loses it.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE audit_feed_set(IN p_channel BINARY(16), IN p_seq BIGINT UNSIGNED)
	SQL SECURITY DEFINER MODIFIES SQL DATA
	INSERT INTO audit_feeds (schema_name, channel_id, seq, due_at)
	VALUES (SUBSTRING_INDEX(USER(), '@', 1), p_channel, p_seq, NOW(3))
	ON DUPLICATE KEY UPDATE seq = p_seq, due_at = NOW(3), fence = fence + 1, lease_owner = NULL, lease_until = NULL
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE audit_feed_drop(IN p_channel BINARY(16))
	SQL SECURITY DEFINER MODIFIES SQL DATA
	DELETE FROM audit_feeds WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1) AND channel_id = p_channel
--;;
-- An attempt is over: only the holder of the fence may say so (else SQLSTATE 45000, and the caller rolls back).  p_all: it had all
-- there was.
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE audit_feed_done(IN p_channel BINARY(16), IN p_fence BIGINT UNSIGNED, IN p_seq BIGINT UNSIGNED, IN p_due_ms INT, IN p_all BOOLEAN)
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	UPDATE audit_feeds
	   SET seq = p_seq, due_at = NOW(3) + INTERVAL p_due_ms * 1000 MICROSECOND, lease_owner = NULL, lease_until = NULL,
	       fence = fence + 1, behind_since = IF(p_all, NULL, behind_since)
	 WHERE schema_name = SUBSTRING_INDEX(USER(), '@', 1) AND channel_id = p_channel AND fence = p_fence;
	IF ROW_COUNT() = 0 THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'fence lost';
	END IF;
END
