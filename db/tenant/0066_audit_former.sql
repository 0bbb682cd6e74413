-- Entries of trails that were closed: a tenant that comes from an archive goes on in a new chain (audit_chains), and keeps the
-- archive's as they were written, read-only and for good.  Their leaves stand in audit_tree, under the number of their chain.

CREATE TABLE IF NOT EXISTS audit_former (
	chain         INT UNSIGNED    NOT NULL,
	seq           BIGINT UNSIGNED NOT NULL,
	id            BINARY(16)      NOT NULL,
	at            DATETIME(3)     NOT NULL,
	action        VARCHAR(64)     NOT NULL,
	outcome       VARCHAR(16)     NOT NULL,
	actor_kind    VARCHAR(16)     NOT NULL,
	actor_id      BINARY(16)      NULL,
	actor_name    VARCHAR(320)    NOT NULL,
	acting_tenant BINARY(16)      NULL,
	target_kind   VARCHAR(32)     NOT NULL,
	target_id     VARCHAR(64)     NOT NULL,
	address       VARCHAR(45)     NOT NULL,
	user_agent    VARCHAR(400)    NOT NULL,
	request_id    VARCHAR(64)     NOT NULL,
	details       LONGTEXT        NOT NULL,
	prev_mac      BINARY(32)      NOT NULL,
	mac           BINARY(32)      NOT NULL,
	salt          BINARY(16)      NOT NULL,
	PRIMARY KEY (chain, seq)
)
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_former_no_update BEFORE UPDATE ON audit_former FOR EACH ROW
	SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a closed chain never changes'
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_former_no_delete BEFORE DELETE ON audit_former FOR EACH ROW
	SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a closed chain stays'
