-- Providers as they really are: where their claims stand, who else may ask for us, what counts as a second factor, and
-- what becomes of roles that they do not speak of.
ALTER TABLE identity_providers
	ADD COLUMN IF NOT EXISTS claims LONGTEXT NULL, -- JSON object: what to the claim it is read from; none: the usual ones
	ADD COLUMN IF NOT EXISTS authorized_parties LONGTEXT NOT NULL DEFAULT '[]', -- JSON array: further client ids as azp
	ADD COLUMN IF NOT EXISTS mfa_acr LONGTEXT NOT NULL DEFAULT '[]', -- JSON array
	ADD COLUMN IF NOT EXISTS mfa_amr LONGTEXT NOT NULL DEFAULT '["mfa"]', -- JSON array
	ADD COLUMN IF NOT EXISTS absent_roles VARCHAR(16) NOT NULL DEFAULT 'keep', -- or remove
	ADD COLUMN IF NOT EXISTS assume_email_verified BOOLEAN NOT NULL DEFAULT FALSE,
	ADD COLUMN IF NOT EXISTS group_lookup BOOLEAN NOT NULL DEFAULT FALSE -- Entra's further groups are asked of Graph
--;;
ALTER TABLE user_identities
	ADD COLUMN IF NOT EXISTS unasked_since DATETIME(3) NULL -- the first sign-in in a row at which groups could not be asked
