-- How far a route has gone on with an alert that nobody acknowledges.  A program from before goes no further: what is due stays
-- due until one that knows it runs.
CREATE TABLE IF NOT EXISTS alert_escalations (
	id       BINARY(16)   NOT NULL PRIMARY KEY,
	alert_id BINARY(16)   NOT NULL,
	route_id BINARY(16)   NOT NULL,
	step     INT UNSIGNED NOT NULL DEFAULT 0, -- of the route, that is next
	repeats  INT UNSIGNED NOT NULL DEFAULT 0, -- how often it was told again
	begun_at DATETIME(3)  NOT NULL,           -- since when the alert is open, by the database's clock
	UNIQUE KEY alert (alert_id, route_id)
)
