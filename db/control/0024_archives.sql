-- Which archives were made of a tenant: the erasure of a tenant does not reach them, and its receipt names them.

CREATE TABLE IF NOT EXISTS archives (
	id        BINARY(16)      NOT NULL PRIMARY KEY,
	tenant_id BINARY(16)      NOT NULL,
	made_at   DATETIME(3)     NOT NULL, -- it holds what was there then
	made_by   VARCHAR(320)    NOT NULL,
	opened_by VARCHAR(16)     NOT NULL, -- passphrase, x25519
	recipient VARCHAR(64)     NOT NULL, -- the public key, base64; '': none
	rows_n    BIGINT UNSIGNED NOT NULL,
	bytes     BIGINT UNSIGNED NOT NULL, -- of the file
	KEY tenant (tenant_id, id)
)
