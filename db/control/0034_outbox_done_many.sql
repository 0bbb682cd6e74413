-- Many deliveries are over, of one transaction: as outbox_index_done, of all that are named, or of none (else SQLSTATE 45000).
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' PROCEDURE outbox_index_done_many(IN p_claims LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, IN p_n INT)
	SQL SECURITY DEFINER MODIFIES SQL DATA
BEGIN
	DELETE i FROM (SELECT UNHEX(REPLACE(t.id, '-', '')) AS id, t.fence FROM JSON_TABLE(p_claims, '$[*]'
		COLUMNS (id CHAR(36) PATH '$.id', fence BIGINT UNSIGNED PATH '$.fence')) t) j
	  STRAIGHT_JOIN outbox_index i ON i.id = j.id AND i.fence = j.fence
	 WHERE i.schema_name = SUBSTRING_INDEX(USER(), '@', 1);
	IF ROW_COUNT() <> p_n THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'fence lost';
	END IF;
END
