-- Where a sign-in by an identity provider was to lead to: kept while its second factor is due.
ALTER TABLE login_transactions ADD COLUMN IF NOT EXISTS return_to VARCHAR(1024) NULL
