-- Which scopes a provider is asked for beside the usual ones, and when it last told groups of a person.
ALTER TABLE identity_providers
	ADD COLUMN IF NOT EXISTS scopes LONGTEXT NOT NULL DEFAULT '[]' -- JSON array
--;;
ALTER TABLE user_identities
	ADD COLUMN IF NOT EXISTS told_at DATETIME(3) NULL -- groups were told last, and roles may be left of them
--;;
-- of accounts that a provider made it is not known: as if told, so that what they have ends when it is told no more
UPDATE user_identities SET told_at = last_login WHERE provisioned AND told_at IS NULL
