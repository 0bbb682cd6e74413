-- Changes whose maker is looked for in the log of their source, which is late.

CREATE TABLE IF NOT EXISTS drift_awaited (
	change_id BINARY(16)  NOT NULL PRIMARY KEY,
	config_id BINARY(16)  NOT NULL,
	since     DATETIME(3) NOT NULL, -- entries from then ...
	until     DATETIME(3) NOT NULL, -- to then count
	ends_at   DATETIME(3) NOT NULL, -- it is looked for so long
	KEY config (config_id, change_id)
)
