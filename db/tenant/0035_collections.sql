-- Each collection of a config for itself: by which snapshot it entered the baseline, and how and by whom it was read last.

CREATE TABLE IF NOT EXISTS config_collections (
	config_id         BINARY(16)      NOT NULL,
	category          VARBINARY(128)  NOT NULL,
	baseline_snapshot BINARY(16)      NULL,
	baseline_seq      BIGINT UNSIGNED NULL,
	baseline_late     BOOLEAN         NOT NULL DEFAULT FALSE, -- that snapshot is out of order
	how               VARCHAR(16)     NOT NULL,               -- complete, partial, failed, forbidden, throttled
	kept_snapshot     BINARY(16)      NULL,                   -- with the last complete reading, while the last is not
	kept_seq          BIGINT UNSIGNED NULL,
	complete_at       DATETIME(3)     NULL,
	incomplete_runs   INT UNSIGNED    NOT NULL DEFAULT 0,
	blind_since       DATETIME(3)     NULL,
	read_by           BINARY(16)      NULL,                   -- the credential
	left_out          INT UNSIGNED    NOT NULL DEFAULT 0,     -- pushes of that in a row
	held              BOOLEAN         NOT NULL DEFAULT FALSE,
	look_report       BINARY(16)      NULL,                   -- of its first reading, to be reviewed
	PRIMARY KEY (config_id, category)
)
--;;
-- What there is: the collections that the newest snapshot knows, read as that says.  In the baseline are those that were
-- complete in either; a rendered baseline has none of them.
INSERT IGNORE INTO config_collections (config_id, category, how, complete_at, incomplete_runs, blind_since, held,
	baseline_snapshot, baseline_seq, baseline_late)
SELECT x.config_id, x.category, x.how, IF(x.how = 'complete', x.received_at, NULL),
	IF(x.how = 'complete', 0, x.incomplete_runs),
	IF(x.how <> 'complete' AND x.state = 'blind', IFNULL(x.last_run_at, x.received_at), NULL),
	IFNULL(JSON_SEARCH(x.held, 'one', REPLACE(REPLACE(REPLACE(x.category, '|', '||'), '%', '|%'), '_', '|_'), '|')
		IS NOT NULL, FALSE),
	IF(x.based, x.baseline_snapshot, NULL), IF(x.based, x.based_seq, NULL), IF(x.based, x.based_late, FALSE)
FROM (
	SELECT s.config_id, k.name AS category, v.how, p.received_at, s.incomplete_runs, s.state, s.last_run_at, s.held,
		s.baseline_snapshot, b.seq AS based_seq, NOT b.in_order AS based_late,
		b.id IS NOT NULL AND b.rendered IS NULL AND (v.how = 'complete' OR EXISTS (
			SELECT 1 FROM JSON_TABLE(JSON_KEYS(b.collections), '$[*]'
				COLUMNS (name VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$')) bk
			WHERE bk.name = k.name)) AS based
	FROM config_state s
	JOIN config_snapshots p ON p.id = s.snapshot_id
	LEFT JOIN config_snapshots b ON b.id = s.baseline_snapshot
	JOIN JSON_TABLE(JSON_KEYS(p.collections), '$[*]'
		COLUMNS (i FOR ORDINALITY, name VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$')) k
	JOIN JSON_TABLE(JSON_EXTRACT(p.collections, '$.*'), '$[*]'
		COLUMNS (i FOR ORDINALITY, how VARCHAR(16) PATH '$')) v ON v.i = k.i
) x
--;;
-- Of those that were not read completely last, the last complete reading, where one of the last thousand snapshots has it.
UPDATE config_collections c
JOIN (
	SELECT u.config_id, u.category, MAX(p.seq) AS seq
	FROM config_collections u
	JOIN config_state s ON s.config_id = u.config_id
	JOIN config_snapshots p ON p.config_id = u.config_id AND p.in_order AND p.rendered IS NULL AND p.seq + 1000 > s.seq
	JOIN JSON_TABLE(JSON_KEYS(p.collections), '$[*]'
		COLUMNS (i FOR ORDINALITY, name VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$')) k
		ON k.name = CONVERT(u.category USING utf8mb4)
	JOIN JSON_TABLE(JSON_EXTRACT(p.collections, '$.*'), '$[*]'
		COLUMNS (i FOR ORDINALITY, how VARCHAR(16) PATH '$')) v ON v.i = k.i AND v.how = 'complete'
	WHERE u.how <> 'complete' AND u.kept_seq IS NULL
	GROUP BY u.config_id, u.category
) last ON last.config_id = c.config_id AND last.category = c.category
JOIN config_snapshots p ON p.config_id = c.config_id AND p.seq = last.seq
SET c.kept_snapshot = p.id, c.kept_seq = p.seq, c.complete_at = p.received_at
--;;
-- How a report's collections were read, and what of the first readings is to be reviewed.
ALTER TABLE drift_reports
	ADD COLUMN IF NOT EXISTS collections LONGTEXT NULL, -- JSON array of {category, state, ...}
	ADD COLUMN IF NOT EXISTS first_look LONGTEXT NULL   -- JSON: {changes: [...], more}
