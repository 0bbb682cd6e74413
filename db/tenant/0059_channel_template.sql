-- A channel of the kind "template" is told in a body that its tenant wrote; its headers are sealed in the secret's place.
ALTER TABLE channels
	ADD COLUMN IF NOT EXISTS template TEXT NULL
