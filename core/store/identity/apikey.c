#include "core/store/identity/apikey.h"
#include "core/store/id_list.h"
#include "core/store/identity/user.h"

#define READ_ONLY FIELD_READ_ONLY
#define NULLABLE  FIELD_NULLABLE

static const char *const kinds[] = { KEY_PERSONAL, KEY_SERVICE, NULL };

#define FIELDS                                                                                     \
	FIELD(struct api_key, id, .flags = READ_ONLY, .doc = "Number of the key."),                \
	    FIELD(struct api_key, name, .min = 1, .max = 200, .doc = "What it is used for."),      \
	    FIELD(struct api_key, prefix, .flags = READ_ONLY,                                      \
		.doc = "Its first characters, to recognise it by."),                               \
	    FIELD(struct api_key, secret_hash, .flags = FIELD_NO_JSON | FIELD_SECRET,              \
		.doc = "HMAC of the secret."),                                                     \
	    FIELD(struct api_key, pepper, .flags = FIELD_NO_JSON, .doc = "Its key's version."),    \
	    FIELD(struct api_key, kind, .choices = kinds,                                          \
		.doc = "personal: never more than its maker may do, and ended with the maker; "    \
		       "service: the tenant's own."),                                              \
	    FIELD(struct api_key, administrative,                                                  \
		.doc = "Whether it may change users, roles, keys, tenants and settings."),         \
	    FIELD(struct api_key, scopes, .doc = "Permissions of the key."),                       \
	    FIELD(struct api_key, config_ids,                                                      \
		.doc =                                                                             \
		    "Drift configs that it pushes to, and does nothing else; empty: not bound."),  \
	    FIELD(struct api_key, allowed_addresses,                                               \
		.doc = "Addresses and ranges it may be used from; empty: everywhere."),            \
	    FIELD(struct api_key, created_by, .flags = READ_ONLY | NULLABLE,                       \
		.doc = "User who made it."),                                                       \
	    FIELD(struct api_key, orphaned, .flags = READ_ONLY,                                    \
		.doc = "Who made it is gone or disabled: a service key works on, a personal one "  \
		       "does not."),                                                               \
	    FIELD(struct api_key, converted, .flags = FIELD_NO_JSON, .doc = "Older than kinds."),  \
	    FIELD(struct api_key, created_at, .flags = READ_ONLY, .doc = "When it was made."),     \
	    FIELD(struct api_key, expires_at, .flags = NULLABLE,                                   \
		.doc = "When it ends; null: never."),                                              \
	    FIELD(struct api_key, last_used_at, .flags = READ_ONLY | NULLABLE,                     \
		.doc = "Its last use, to the minute; null: never."),                               \
	    FIELD(struct api_key, told_days, .flags = FIELD_NO_JSON, .doc = "Its end was told.")

static const struct field api_key_fields[] = {
	FIELDS,
	FIELD(struct api_key, key, .flags = READ_ONLY | FIELD_NO_SQL | FIELD_OMIT_ZERO,
	    .doc = "The key itself: in the answer to its making only, never again."),
	FIELD_END,
};
const struct schema api_key_schema = SCHEMA("ApiKey", struct api_key, api_key_fields);

static const struct field found_fields[] = {
	FIELDS,
	COLUMN_NULL(struct api_key, granted),
	COLUMN_NULL(struct api_key, roles_end),
	FIELD_END,
};
static const struct schema found_schema = SCHEMA("ApiKeyFound", struct api_key, found_fields);

static const struct field insert_fields[] = {
	COLUMN(struct api_key, id),
	COLUMN(struct api_key, name),
	COLUMN(struct api_key, prefix),
	COLUMN(struct api_key, secret_hash),
	COLUMN(struct api_key, pepper),
	COLUMN(struct api_key, kind),
	COLUMN(struct api_key, administrative),
	COLUMN(struct api_key, scopes),
	COLUMN(struct api_key, config_ids),
	COLUMN(struct api_key, allowed_addresses),
	COLUMN_NULL(struct api_key, created_by),
	COLUMN(struct api_key, created_at),
	COLUMN_NULL(struct api_key, expires_at),
	COLUMN(struct api_key, told_days),
	FIELD_END,
};
static const struct schema insert_schema = SCHEMA("ApiKeyIn", struct api_key, insert_fields);

#define COLUMNS                                                                                    \
	"SELECT k.id, k.name, k.prefix, k.secret_hash, k.pepper, k.kind, k.administrative, "       \
	"k.scopes,"                                                                                \
	" k.config_ids, k.allowed_addresses, k.created_by,"                                        \
	" COALESCE(u.status, '') <> 'active' AS orphaned, k.converted, k.created_at,"              \
	" k.expires_at, k.last_used_at, k.told_days"
#define FROM " FROM api_keys k LEFT JOIN users u ON u.id = k.created_by"

struct api_key_page_in {
	bool        first; /* no cursor */
	bool        all;   /* also those with nothing odd about them */
	struct uuid maker;
	struct page page;
};
static const struct field api_key_page_fields[] = {
	COLUMN(struct api_key_page_in, first),
	COLUMN_NULL(struct api_key_page_in, maker),
	COLUMN(struct api_key_page_in, all),
	COLUMN(struct api_key_page_in, page.after),
	COLUMN_AS(struct api_key_page_in, page.want, "limit"),
	FIELD_END,
};
static const struct schema api_key_page_schema =
    SCHEMA("ApiKeyPageIn", struct api_key_page_in, api_key_page_fields);

SQL(api_key_select_by_id, SQL_TENANT, &id_in, &found_schema,
    COLUMNS "," USER_GRANTED "," USER_ROLES_END FROM " WHERE k.id = :id AND k.revoked_at IS NULL");
SQL(api_key_select_page, SQL_TENANT, &api_key_page_schema, &api_key_schema,
    COLUMNS FROM " WHERE k.revoked_at IS NULL AND (:first OR k.id < :after)"
		 " AND (:maker IS NULL OR k.created_by = :maker)"
		 " AND (:all OR k.converted OR COALESCE(u.status, '') <> 'active')"
		 " ORDER BY k.id DESC LIMIT :limit");
SQL(api_key_insert, SQL_TENANT, &insert_schema, NULL,
    "INSERT INTO api_keys (id, name, prefix, secret_hash, pepper, kind, administrative, scopes,"
    " config_ids, allowed_addresses, created_by, created_at, expires_at, told_days)"
    " VALUES (:id, :name, :prefix, :secret_hash, :pepper, :kind, :administrative, :scopes, "
    ":config_ids,"
    " :allowed_addresses, :created_by, :created_at, :expires_at, :told_days)");

bool
api_key_by_id(
    struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct api_key *k, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(t->db, mem, &api_key_select_by_id, &in, k, e);
}

struct named_in {
	const char *name;
	instant     now;
};
static const struct field named_fields[] = {
	COLUMN(struct named_in, name),
	COLUMN(struct named_in, now),
	FIELD_END,
};
static const struct schema named_in = SCHEMA("ApiKeyNamedIn", struct named_in, named_fields);
SQL(api_key_select_named, SQL_TENANT, &named_in, &api_key_schema,
    COLUMNS FROM " WHERE k.name = :name AND k.kind = 'service' AND k.revoked_at IS NULL"
		 " AND (k.expires_at IS NULL OR k.expires_at > :now) ORDER BY k.id DESC LIMIT 20");
_Static_assert(KEYS_NAMED_MAX == 20, "as in the statement");

bool
api_key_named(struct tenant_db *t, TALLOC_CTX *mem, const char *name, instant now,
    struct api_key **list, size_t *n, struct err *e)
{
	const struct named_in in = { name, now };

	return db_all(t->db, mem, &api_key_select_named, &in, INTO(list, n, KEYS_NAMED_MAX), e);
}

bool
api_key_list(struct tenant_db *t, TALLOC_CTX *mem, const struct api_key_filter *f, struct page *p,
    struct err *e)
{
	const struct api_key_page_in in = {
		.first = uuid_is_nil(&p->after), .all = !f->odd, .maker = f->created_by, .page = *p
	};

	return page_read(t->db, mem, &api_key_select_page, &in, p, e);
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
    "UPDATE api_keys SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL");
static const struct field maker_fields[] = {
	COLUMN(struct api_key_revoke_in, now),
	COLUMN_AS(struct api_key_revoke_in, id, "created_by"),
	FIELD_END,
};
static const struct schema maker_schema =
    SCHEMA("ApiKeyMakerIn", struct api_key_revoke_in, maker_fields);

SQL(api_key_update_left, SQL_TENANT, &maker_schema, NULL,
    "UPDATE api_keys SET revoked_at = :now"
    " WHERE created_by = :created_by AND kind = 'personal' AND revoked_at IS NULL");
SQL(api_key_update_used, SQL_TENANT, &api_key_touch_schema, NULL,
    "UPDATE api_keys SET last_used_at = :now"
    " WHERE id = :id AND (last_used_at IS NULL OR last_used_at <= :unless_since)");

struct rehash_in {
	struct uuid id;
	struct blob was, now;
	int64_t     pepper;
};
static const struct field rehash_fields[] = {
	COLUMN(struct rehash_in, now),
	COLUMN(struct rehash_in, pepper),
	COLUMN(struct rehash_in, id),
	COLUMN(struct rehash_in, was),
	FIELD_END,
};
static const struct schema rehash_in = SCHEMA("ApiKeyRehashIn", struct rehash_in, rehash_fields);

SQL(api_key_update_hash, SQL_TENANT, &rehash_in, NULL,
    "UPDATE api_keys SET secret_hash = :now, pepper = :pepper"
    " WHERE id = :id AND secret_hash = :was AND revoked_at IS NULL");

bool
api_key_rehash(
    struct tenant_db *t, const struct api_key *k, struct blob hash, int64_t pepper, struct err *e)
{
	const struct rehash_in in = { k->id, k->secret_hash, hash, pepper };

	return db_run(t->db, &api_key_update_hash, &in, NULL, e);
}

struct key_count {
	uint64_t n;
};
static const struct field count_fields[] = {
	COLUMN(struct key_count, n),
	FIELD_END,
};
static const struct schema count_schema = SCHEMA("ApiKeyCount", struct key_count, count_fields);

SQL(api_key_select_personal, SQL_TENANT, &id_in, &count_schema,
    "SELECT COUNT(*) AS n FROM api_keys WHERE created_by = :id AND kind = 'personal'"
    " AND revoked_at IS NULL");

bool
api_key_count_personal(struct tenant_db *t, const struct uuid *maker, uint64_t *n, struct err *e)
{
	const struct id_in in = { *maker };
	struct key_count   out = { 0 };
	bool               ok = db_one(t->db, t->db, &api_key_select_personal, &in, &out, e);

	*n = out.n;
	return ok;
}

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
api_key_revoke_personal(struct tenant_db *t, const struct uuid *maker, instant now, struct err *e)
{
	const struct api_key_revoke_in in = { now, *maker };

	return db_run(t->db, &api_key_update_left, &in, NULL, e);
}

bool
api_key_touch(
    struct tenant_db *t, const struct uuid *id, instant now, instant unless_since, struct err *e)
{
	const struct api_key_touch_in in = { now, *id, unless_since };

	return db_run(t->db, &api_key_update_used, &in, NULL, e);
}

/* ---- what becomes of them ---- */

static const struct field brief_fields[] = {
	FIELD(struct key_brief, id, .doc = "Number of the key."),
	FIELD(struct key_brief, name, .flags = FIELD_OMIT_ZERO,
	    .doc = "What it is used for; for those with read:api_keys."),
	FIELD(struct key_brief, prefix, .flags = FIELD_OMIT_ZERO,
	    .doc = "Its first characters; for those with read:api_keys."),
	FIELD_END,
};
static const struct schema brief_schema = SCHEMA("ApiKeyBrief", struct key_brief, brief_fields);

#define LIST(member, text)                                                                         \
	FIELD(struct key_effects, member, .item = &brief_schema, .flags = FIELD_OMIT_ZERO,         \
	    .doc = text)
static const struct field effects_fields[] = {
	LIST(ended, "Personal keys that have ended."),
	LIST(narrowed, "Personal keys that may do less now."),
	LIST(orphaned, "Service keys that go on without their maker."),
	FIELD(struct key_effects, more, .flags = FIELD_OMIT_ZERO,
	    .doc = "True: there are more than are named here; see GET /api/api-keys?created_by=."),
	FIELD_END,
};
const struct schema key_effects_schema =
    SCHEMA("ApiKeyEffects", struct key_effects, effects_fields);

/* ---- told that it ends ---- */

struct api_key_ending_in {
	instant     now, until;
	int64_t     days;
	struct page page;
};
static const struct field ending_fields[] = {
	COLUMN(struct api_key_ending_in, now),
	COLUMN(struct api_key_ending_in, until),
	COLUMN(struct api_key_ending_in, days),
	COLUMN_AS(struct api_key_ending_in, page.want, "limit"),
	FIELD_END,
};
static const struct schema ending_schema =
    SCHEMA("ApiKeyEndingIn", struct api_key_ending_in, ending_fields);

struct api_key_tell_in {
	int64_t     days;
	struct uuid id;
};
static const struct field tell_fields[] = {
	COLUMN(struct api_key_tell_in, days),
	COLUMN(struct api_key_tell_in, id),
	FIELD_END,
};
static const struct schema tell_schema =
    SCHEMA("ApiKeyTellIn", struct api_key_tell_in, tell_fields);

#define UNTOLD "(told_days = 0 OR told_days > :days)"
SQL(api_key_select_ending, SQL_TENANT, &ending_schema, &api_key_schema,
    COLUMNS FROM " WHERE k.kind = 'service' AND k.revoked_at IS NULL AND k.expires_at > :now"
		 " AND k.expires_at <= :until AND " UNTOLD " ORDER BY k.expires_at, k.id"
		 " LIMIT :limit");
SQL(api_key_update_told, SQL_TENANT, &tell_schema, NULL,
    "UPDATE api_keys SET told_days = :days WHERE id = :id AND revoked_at IS NULL AND " UNTOLD);

bool
api_key_ending(
    struct tenant_db *t, TALLOC_CTX *mem, instant now, int64_t days, struct page *p, struct err *e)
{
	const struct api_key_ending_in in = { now, { now.ms + days * INT64_C(86400000) }, days,
		*p };

	return page_read(t->db, mem, &api_key_select_ending, &in, p, e);
}

bool
api_key_tell(struct tenant_db *t, const struct uuid *id, int64_t days, bool *first, struct err *e)
{
	const struct api_key_tell_in in = { days, *id };
	uint64_t                     n = 0;

	*first = false;
	if (!db_run(t->db, &api_key_update_told, &in, &n, e))
		return false;
	*first = n == 1;
	return true;
}
