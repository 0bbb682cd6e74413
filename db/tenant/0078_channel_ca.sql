-- A channel that is spoken to over TLS may name the authorities whose certificates are believed there, in PEM.
ALTER TABLE channels
	ADD COLUMN IF NOT EXISTS ca TEXT NULL -- NULL: those of the system
