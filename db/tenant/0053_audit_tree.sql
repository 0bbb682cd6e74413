-- Beside the chain of MACs, which only the installation can check, each entry of the audit trail is a leaf of a tree
-- (core/proof/entry.h, tree.h), and checkpoints signed by the installation say what the tree was: whoever has them needs neither
-- database nor keyring.

-- Entries from before have a salt made now.  The server makes it, also for a program of before that knows nothing of it.
ALTER TABLE audit
	ADD COLUMN IF NOT EXISTS salt BINARY(16) NOT NULL DEFAULT (RANDOM_BYTES(16))
--;;
-- Leaves stay when their entries are deleted by age.
CREATE TABLE IF NOT EXISTS audit_tree (
	chain  INT UNSIGNED    NOT NULL,
	seq    BIGINT UNSIGNED NOT NULL,
	hashes VARBINARY(2048) NOT NULL, -- of the leaf, then of the nodes that it completes, the larger behind the smaller
	PRIMARY KEY (chain, seq)
)
--;;
CREATE TABLE IF NOT EXISTS audit_checkpoints (
	chain INT UNSIGNED    NOT NULL,
	size  BIGINT UNSIGNED NOT NULL,
	at    DATETIME(3)     NOT NULL,
	note  VARCHAR(4096)   NOT NULL, -- core/proof/note.h
	PRIMARY KEY (chain, size)
)
--;;
-- The chains before the present one, whose number is the next: a trail that was restored goes on in a new one.
CREATE TABLE IF NOT EXISTS audit_chains (
	chain     INT UNSIGNED    NOT NULL PRIMARY KEY,
	size      BIGINT UNSIGNED NOT NULL,
	mac       BINARY(32)      NOT NULL, -- of its last entry
	closed_at DATETIME(3)     NOT NULL
)
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_tree_no_update BEFORE UPDATE ON audit_tree FOR EACH ROW
	SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a leaf never changes'
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_tree_no_delete BEFORE DELETE ON audit_tree FOR EACH ROW
	SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a leaf stays'
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_checkpoints_no_update BEFORE UPDATE ON audit_checkpoints FOR EACH ROW
	SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a checkpoint never changes'
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_checkpoints_no_delete BEFORE DELETE ON audit_checkpoints FOR EACH ROW
	SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a checkpoint stays'
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_chains_no_update BEFORE UPDATE ON audit_chains FOR EACH ROW
	SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a closed chain never changes'
--;;
CREATE OR REPLACE DEFINER = '{control}definer'@'localhost' TRIGGER audit_chains_no_delete BEFORE DELETE ON audit_chains FOR EACH ROW
	SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a closed chain stays'
