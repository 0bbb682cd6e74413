-- When what was last read of a collection was collected, and what is wrong with those who push to a config: clocks that
-- were set back, and pushes that are refused.

ALTER TABLE config_collections
	ADD COLUMN IF NOT EXISTS read_at DATETIME(3) NULL
--;;
UPDATE config_collections c JOIN config_state s ON s.config_id = c.config_id
SET c.read_at = LEAST(IFNULL(c.complete_at, s.collected_at), s.collected_at)
WHERE c.read_at IS NULL
--;;
CREATE TABLE IF NOT EXISTS config_pushers (
	config_id    BINARY(16)   NOT NULL,
	pusher       BINARY(16)   NOT NULL,             -- the credential
	name         VARCHAR(254) NOT NULL,
	late_runs    INT UNSIGNED NOT NULL DEFAULT 0,   -- pushes in a row that were collected before what is known, ...
	late_by_s    BIGINT       NOT NULL DEFAULT 0,   -- each so long before it came
	refused_runs INT UNSIGNED NOT NULL DEFAULT 0,   -- refused in a row, as far as they are counted
	refused_at   DATETIME(3)  NULL,
	refused_code VARCHAR(32)  NULL,
	refused_why  VARCHAR(300) NULL,
	seen_at      DATETIME(3)  NOT NULL,
	PRIMARY KEY (config_id, pusher),
	KEY seen (seen_at)
)
--;;
INSERT IGNORE INTO config_pushers (config_id, pusher, name, late_runs, late_by_s, seen_at)
SELECT config_id, pusher, '', late_runs, late_by_s, last_run_at FROM config_state
WHERE late_runs > 0 AND pusher IS NOT NULL AND last_run_at IS NOT NULL
