-- What was in force at some number is found among what has ended since without reading all of that: by how long it was.
-- A version of class k lasted from 4^(k-1) to 4^k - 1 numbers, so one that was in force at n ended before n + 4^k.

ALTER TABLE resource_versions
	ADD COLUMN IF NOT EXISTS span TINYINT UNSIGNED NOT NULL DEFAULT 0 -- class of its length, at most 12; 0: in force, or not known
--;;
-- Under the name that programs from before ask for; they read more with it, and no other rows.
ALTER TABLE resource_versions
	DROP INDEX IF EXISTS in_force,
	ADD INDEX in_force (config_id, span, until_seq, from_seq)
--;;
-- In short transactions: pushes go on meanwhile.
BEGIN NOT ATOMIC
	FOR c IN (SELECT id FROM drift_configs) DO
		REPEAT
			UPDATE resource_versions FORCE INDEX (in_force)
				SET span = LEAST(12, (LENGTH(BIN(until_seq - from_seq)) + 1) DIV 2)
				WHERE config_id = c.id AND span = 0 AND until_seq > from_seq LIMIT 5000;
		UNTIL ROW_COUNT() = 0 END REPEAT;
	END FOR;
END
