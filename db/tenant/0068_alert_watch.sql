-- How far the audit trail was read for alerts of the tenant itself (drift/watch).  What is older than this opens none; a program
-- from before reads nothing and writes nothing here.
CREATE TABLE IF NOT EXISTS alert_watch (
	id  TINYINT UNSIGNED NOT NULL, -- 1: there is one
	seq BIGINT UNSIGNED  NOT NULL, -- of the last entry that was read
	PRIMARY KEY (id)
)
--;;
INSERT IGNORE INTO alert_watch (id, seq) SELECT 1, COALESCE(MAX(seq), 0) FROM audit
