#include "core/store/tenant/idempotency.h"

static const struct field row_fields[] = {
	COLUMN(struct idempotency, actor_id),
	COLUMN(struct idempotency, kind),
	COLUMN(struct idempotency, key),
	COLUMN(struct idempotency, body_mac),
	COLUMN(struct idempotency, made_id),
	COLUMN(struct idempotency, created_at),
	FIELD_END,
};
static const struct schema row_schema = SCHEMA("Idempotency", struct idempotency, row_fields);

static const struct field key_fields[] = {
	COLUMN(struct idempotency, actor_id),
	COLUMN(struct idempotency, kind),
	COLUMN(struct idempotency, key),
	FIELD_END,
};
static const struct schema key_schema = SCHEMA("IdempotencyKey", struct idempotency, key_fields);

SQL(idempotency_select, SQL_TENANT, &key_schema, &row_schema,
    "SELECT actor_id, kind, `key`, body_mac, made_id, created_at FROM idempotency"
    " WHERE actor_id = :actor_id AND kind = :kind AND `key` = :key");
SQL(idempotency_insert, SQL_TENANT, &row_schema, NULL,
    "INSERT INTO idempotency (actor_id, kind, `key`, body_mac, made_id, created_at)"
    " VALUES (:actor_id, :kind, :key, :body_mac, :made_id, :created_at)");

bool
idempotency_find(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *actor, const char *kind,
    const char *key, struct idempotency *out, struct err *e)
{
	const struct idempotency in = { .actor_id = *actor, .kind = kind, .key = key };

	return db_one(t->db, mem, &idempotency_select, &in, out, e);
}

bool
idempotency_add(struct tenant_db *t, const struct idempotency *i, struct err *e)
{
	return db_run(t->db, &idempotency_insert, i, NULL, e);
}
