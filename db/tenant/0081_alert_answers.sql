-- Links in messages by which an alert is answered: each counts once.  A row for each that did, until it would have ended.
CREATE TABLE IF NOT EXISTS alert_answers (
	id         BINARY(16)   NOT NULL PRIMARY KEY, -- the beginning of the link's hash
	alert_id   BINARY(16)   NOT NULL,
	deed       VARCHAR(16)  NOT NULL,             -- "acknowledge", "resolve", "accept"
	name       VARCHAR(254) NOT NULL,             -- who used it, as the alert's history has it
	used_at    DATETIME(3)  NOT NULL,
	expires_at DATETIME(3)  NOT NULL,
	KEY expires_at (expires_at)
)
