-- Those that are not revoked, by their end: what counts now is read without what is over.
ALTER TABLE grants ADD INDEX IF NOT EXISTS counting (tenant_id, revoked_at, expires_at);
