-- What ends a user's mailed links and known devices raises a number of the user's; what carries an older one has ended.

ALTER TABLE users
	ADD COLUMN IF NOT EXISTS reset_epoch  BIGINT UNSIGNED NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS invite_epoch BIGINT UNSIGNED NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS email_epoch  BIGINT UNSIGNED NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS device_epoch BIGINT UNSIGNED NOT NULL DEFAULT 0
--;;
ALTER TABLE mail_tokens
	ADD COLUMN IF NOT EXISTS epoch BIGINT UNSIGNED NOT NULL DEFAULT 0 -- the user's of this purpose when it was made
--;;
-- Of changes of address that wait the last one counts.
UPDATE mail_tokens m JOIN mail_tokens n ON n.user_id = m.user_id AND n.purpose = m.purpose AND n.id > m.id
	SET m.used_at = NOW(3) WHERE m.purpose = 'email' AND m.used_at IS NULL
--;;
-- What a disabled user was mailed stays ended when the user is enabled again.
UPDATE mail_tokens m JOIN users u ON u.id = m.user_id SET m.used_at = NOW(3)
	WHERE u.status = 'disabled' AND m.used_at IS NULL
