-- Schemas beside a tenant's own, while it is restored and after: the one that is filled from an archive until it takes its
-- place, then the one that it had before, until that is dropped.

CREATE TABLE IF NOT EXISTS restores (
	schema_name VARCHAR(20) NOT NULL PRIMARY KEY,
	tenant_id   BINARY(16)  NOT NULL,
	archive     BINARY(16)  NOT NULL,
	state       VARCHAR(16) NOT NULL, -- making; held: the tenant's account is kept out; former: it was the tenant's
	at          DATETIME(3) NOT NULL, -- since when it is so
	drop_at     DATETIME(3) NOT NULL,
	KEY tenant (tenant_id),
	KEY drop_at (drop_at)
)
