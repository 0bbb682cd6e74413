-- Links by which an administrator lets an app read a directory: kept by the tenant that has asked for it, until it is done or
-- the link is over.  What the app shows is sealed, and gone with that.
CREATE TABLE IF NOT EXISTS onboardings (
	id          BINARY(16)    NOT NULL PRIMARY KEY,
	tenant      VARCHAR(63)   NOT NULL, -- whose directory it is, as it was named
	tenant_id   BINARY(16)    NOT NULL,
	directory   VARCHAR(255)  NOT NULL, -- its id or a domain of it
	packs       MEDIUMTEXT    NOT NULL, -- [{pack, template_id, version}]
	secret      MEDIUMBLOB    NULL,     -- sealed: who asked, and what the app shows
	state       VARCHAR(16)   NOT NULL, -- waiting, checking, applying, done or failed
	why         VARCHAR(600)  NULL,     -- what came of it last
	answered    VARCHAR(64)   NULL,     -- the directory that the answer names
	tries       INT UNSIGNED  NOT NULL, -- answers to it
	operations  MEDIUMTEXT    NOT NULL, -- [id] of what makes the configs
	asked_name  VARCHAR(254)  NOT NULL,
	ends_at     DATETIME(3)   NOT NULL, -- of the link
	created_at  DATETIME(3)   NOT NULL,
	answered_at DATETIME(3)   NULL,
	finished_at DATETIME(3)   NULL,
	KEY ended (ends_at)
)
