-- Tenants take turns: whoever sends asks one after another for what is due, so that what one has very much of keeps nobody waiting.
ALTER TABLE outbox_index ADD INDEX IF NOT EXISTS turn (schema_name, next_due)
