#include "core/store/apikey.h"

#define READ_ONLY FIELD_READ_ONLY
#define NULLABLE  FIELD_NULLABLE

static const struct field api_key_fields[] = {
	FIELD(struct api_key, id, .flags = READ_ONLY, .doc = "Number of the key."),
	FIELD(struct api_key, name, .min = 1, .max = 200, .doc = "What it is used for."),
	FIELD(struct api_key, prefix, .flags = READ_ONLY,
	    .doc = "Its first characters, to recognise it by."),
	FIELD(struct api_key, secret_hash, .flags = FIELD_NO_JSON | FIELD_SECRET,
	    .doc = "HMAC of the secret."),
	FIELD(struct api_key, scopes, .doc = "Permissions of the key."),
	FIELD(struct api_key, allowed_addresses,
	    .doc = "Addresses and ranges it may be used from; empty: everywhere."),
	FIELD(
	    struct api_key, created_by, .flags = READ_ONLY | NULLABLE, .doc = "User who made it."),
	FIELD(struct api_key, created_at, .flags = READ_ONLY, .doc = "When it was made."),
	FIELD(struct api_key, expires_at, .flags = NULLABLE, .doc = "When it ends; null: never."),
	FIELD(struct api_key, last_used_at, .flags = READ_ONLY | NULLABLE,
	    .doc = "Its last use, to the minute; null: never."),
	FIELD(struct api_key, key, .flags = READ_ONLY | FIELD_NO_SQL | FIELD_OMIT_ZERO,
	    .doc = "The key itself: in the answer to its making only, never again."),
	FIELD_END,
};
const struct schema api_key_schema = SCHEMA("ApiKey", struct api_key, api_key_fields);

#define COLUMNS                                                                                    \
	"id, name, prefix, secret_hash, scopes, allowed_addresses, created_by, created_at,"        \
	" expires_at, last_used_at"

struct api_key_id_in {
	struct uuid id;
};
static const struct field api_key_id_fields[] = {
	FIELD(struct api_key_id_in, id, .doc = "Key."),
	FIELD_END,
};
static const struct schema api_key_id_schema =
    SCHEMA("ApiKeyIdIn", struct api_key_id_in, api_key_id_fields);

struct api_key_page_in {
	bool        first; /* no cursor */
	struct uuid after;
	int64_t     limit;
};
static const struct field api_key_page_fields[] = {
	FIELD(struct api_key_page_in, first, .doc = "From the newest."),
	FIELD(struct api_key_page_in, after, .doc = "Last one given out."),
	FIELD(struct api_key_page_in, limit, .doc = "Rows."),
	FIELD_END,
};
static const struct schema api_key_page_schema =
    SCHEMA("ApiKeyPageIn", struct api_key_page_in, api_key_page_fields);

SQL(api_key_select_by_id, SQL_TENANT, &api_key_id_schema, &api_key_schema,
    "SELECT " COLUMNS " FROM api_keys WHERE id = ? AND revoked_at IS NULL");
SQL(api_key_select_page, SQL_TENANT, &api_key_page_schema, &api_key_schema,
    "SELECT " COLUMNS " FROM api_keys WHERE revoked_at IS NULL AND (? OR id < ?)"
    " ORDER BY id DESC LIMIT ?");
SQL(api_key_insert, SQL_TENANT, &api_key_schema, NULL,
    "INSERT INTO api_keys (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

bool
api_key_by_id(
    struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct api_key *k, struct err *e)
{
	const struct api_key_id_in in = { *id };

	return db_one(t->db, mem, &api_key_select_by_id, &in, k, e);
}

bool
api_key_list(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *after, int64_t limit,
    struct api_key **keys, size_t *n, struct err *e)
{
	const struct api_key_page_in in = { uuid_is_nil(after), *after, limit };

	return db_all(t->db, mem, &api_key_select_page, &in, (size_t)limit, keys, n, e);
}

bool
api_key_add(struct tenant_db *t, const struct api_key *k, struct err *e)
{
	return db_run(t->db, &api_key_insert, k, NULL, e);
}

struct api_key_revoke_in {
	instant     now;
	struct uuid id;
};
static const struct field api_key_revoke_fields[] = {
	FIELD(struct api_key_revoke_in, now, .doc = "Now."),
	FIELD(struct api_key_revoke_in, id, .doc = "Key."),
	FIELD_END,
};
static const struct schema api_key_revoke_schema =
    SCHEMA("ApiKeyRevokeIn", struct api_key_revoke_in, api_key_revoke_fields);

struct api_key_touch_in {
	instant     now;
	struct uuid id;
	instant     unless_since;
};
static const struct field api_key_touch_fields[] = {
	FIELD(struct api_key_touch_in, now, .doc = "Now."),
	FIELD(struct api_key_touch_in, id, .doc = "Key."),
	FIELD(struct api_key_touch_in, unless_since, .doc = "Not if used after."),
	FIELD_END,
};
static const struct schema api_key_touch_schema =
    SCHEMA("ApiKeyTouchIn", struct api_key_touch_in, api_key_touch_fields);

SQL(api_key_update_revoked, SQL_TENANT, &api_key_revoke_schema, NULL,
    "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL");
SQL(api_key_update_used, SQL_TENANT, &api_key_touch_schema, NULL,
    "UPDATE api_keys SET last_used_at = ?"
    " WHERE id = ? AND (last_used_at IS NULL OR last_used_at <= ?)");

bool
api_key_revoke(struct tenant_db *t, const struct uuid *id, instant now, struct err *e)
{
	const struct api_key_revoke_in in = { now, *id };
	uint64_t                       n = 0;

	if (!db_run(t->db, &api_key_update_revoked, &in, &n, e))
		return false;
	return n == 1 || err_set(e, ERR_MISSING, 0, "no such API key", "no such API key");
}

bool
api_key_touch(
    struct tenant_db *t, const struct uuid *id, instant now, instant unless_since, struct err *e)
{
	const struct api_key_touch_in in = { now, *id, unless_since };

	return db_run(t->db, &api_key_update_used, &in, NULL, e);
}
