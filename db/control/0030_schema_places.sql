-- Where schemas stand that are not of their own names: on a host where nobody may make schemas and accounts, what was made
-- beforehand is registered here, and each is empty (schema_name NULL), a tenant's or the pool's.

CREATE TABLE IF NOT EXISTS schema_places (
	place       VARCHAR(63) NOT NULL PRIMARY KEY, -- its name in the database
	schema_name VARCHAR(20) NULL,                 -- that of whom it is; NULL: it is empty
	at          DATETIME(3) NOT NULL,             -- since when it is so
	UNIQUE KEY schema_name (schema_name)
)
