-- What a request with an Idempotency-Key has made, so that its repetition makes nothing twice.

CREATE TABLE IF NOT EXISTS idempotency (
	actor_id   BINARY(16)   NOT NULL, -- who sent it
	kind       VARCHAR(32)  NOT NULL, -- what it makes, e.g. user
	`key`      VARCHAR(128) NOT NULL,
	body_mac   BINARY(32)   NOT NULL, -- keyed: a body may hold a password
	made_id    BINARY(16)   NOT NULL,
	created_at DATETIME(3)  NOT NULL,
	PRIMARY KEY (actor_id, kind, `key`),
	KEY created_at (created_at)
)
