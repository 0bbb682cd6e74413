-- Each provider has an address of its own to send people back to, so that an answer meant for one cannot be brought to
-- another of the same name (RFC 9700 section 4.4).  Those that are there keep the address that is registered at them.
ALTER TABLE identity_providers
	ADD COLUMN IF NOT EXISTS own_address BOOLEAN NOT NULL DEFAULT FALSE
