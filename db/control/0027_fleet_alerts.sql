-- What the fleet shows of each tenant's open alerts, the worst of them: which, of what kind, how severe, since when, and
-- whether somebody took it.  No titles, values or paths.  driftd writes them with the row of the fleet that it counts.

CREATE TABLE IF NOT EXISTS fleet_alerts (
	schema_name VARCHAR(20) NOT NULL,
	place       BINARY(16)  NOT NULL, -- in the order of the list: how severe, taken, since when; and which
	alert_id    BINARY(16)  NOT NULL,
	kind        VARCHAR(32) NOT NULL,
	severity    VARCHAR(8)  NOT NULL,
	status      VARCHAR(16) NOT NULL,
	opened_at   DATETIME(3) NOT NULL,
	taken       BOOLEAN     NOT NULL, -- somebody has acknowledged it, or was assigned
	PRIMARY KEY (schema_name, place),
	KEY place (place),
	FOREIGN KEY (schema_name) REFERENCES fleet (schema_name) ON DELETE CASCADE
)
--;;
-- All are counted again, with their alerts.
UPDATE fleet SET due_at = NOW(3)
