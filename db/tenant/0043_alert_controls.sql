-- Controls that the rules of an alert's findings name, so that alerts can be asked for by one.

CREATE TABLE IF NOT EXISTS alert_controls (
	alert_id BINARY(16)  NOT NULL,
	control  VARCHAR(64) NOT NULL,
	PRIMARY KEY (alert_id, control),
	KEY control (control, alert_id)
)
