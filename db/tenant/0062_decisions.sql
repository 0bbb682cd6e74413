-- What somebody decides about a report as a whole is written once: its findings and their history have its number, so that no row
-- of theirs gets longer.  A program from before shows these without their reason, and findings without who accepted them; what
-- it decides itself it writes as it did.

CREATE TABLE IF NOT EXISTS drift_decisions (
	config_id BINARY(16)      NOT NULL,
	number    BIGINT UNSIGNED NOT NULL, -- the life of the config (config_state) that it began
	owner     VARCHAR(254)    NOT NULL,
	reason    VARCHAR(1000)   NOT NULL,
	at        DATETIME(3)     NOT NULL,
	PRIMARY KEY (config_id, number)
)
--;;
ALTER TABLE drift_findings
	ADD COLUMN IF NOT EXISTS decision BIGINT UNSIGNED NOT NULL DEFAULT 0 -- while promoted, of reason and owner where they are NULL
--;;
ALTER TABLE drift_history
	ADD COLUMN IF NOT EXISTS decision BIGINT UNSIGNED NOT NULL DEFAULT 0 -- whose reason is the note; 0: it is the row's own
