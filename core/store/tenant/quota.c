#include "core/store/tenant/quota.h"

#include <stdio.h>

#include "core/json/json_merge.h"

#define LIMIT(m, most, text)                                                                       \
	FIELD(struct quota, m, .min = 1, .max = (most), .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO, \
	    .doc = text)
#define DAY_MS INT64_C(86400000)
#define MANY   INT64_C(1000000000)

static const struct field quota_fields[] = {
	LIMIT(users, MANY, "Accounts, disabled ones too."),
	LIMIT(api_keys, MANY, "API keys that are not revoked."),
	LIMIT(drift_configs, MANY, "Drift configs."),
	LIMIT(storage_bytes, INT64_C(1) << 60,
	    "Bytes stored: sealed contents, changes and audit. Nothing is pushed beyond them."),
	LIMIT(snapshots_per_day, MANY, "Snapshots pushed or collected in a day (UTC)."),
	LIMIT(requests_per_minute, MANY, "Requests of all its callers; beyond them 429."),
	LIMIT(requests_burst, MANY, "Of them at once."),
	FIELD_END,
};
const struct schema quota_schema = SCHEMA("TenantQuota", struct quota, quota_fields);

/* ---- what was said ---- */

bool
quota_of(TALLOC_CTX *mem, const struct tenant *t, struct quota *q, struct err *e)
{
	const struct json *tree = json_parse(mem, str_of(t->quota.text), e);

	if (tree != NULL && schema_decode(mem, &quota_schema, tree, q, e))
		return true;
	err_clear(e); /* what is stored is no fault of the request */
	return err_set(
	    e, ERR_INTERNAL, 0, "internal error", "a tenant's stored quota does not decode");
}

int64_t
quota_limit(const struct quota *q, enum usage_kind k)
{
	const int64_t limits[USAGE__MAX] = {
		[USAGE_USERS] = q->users,
		[USAGE_API_KEYS] = q->api_keys,
		[USAGE_CONFIGS] = q->drift_configs,
		[USAGE_SNAPSHOTS] = q->snapshots_per_day,
		[USAGE_STORAGE] = q->storage_bytes,
	};

	return limits[k];
}

bool
quota_merge(
    TALLOC_CTX *mem, const char *was, const struct json *change, const char **text, struct err *e)
{
	const struct json *base = json_parse(mem, str_of(was), e);
	struct json        both, clean;
	struct quota       q;
	struct buf         b;

	if (base == NULL)
		return err_note(e, "reading a tenant's stored quota");
	if (change->type != JSON_OBJECT)
		return err_fault(e, mem, "/quota", "must be an object");
	if (!json_merge(mem, base, change, &both, e) ||
	    !schema_decode_at(mem, &quota_schema, &both, "/quota", &q, e) ||
	    !json_without_nulls(mem, &both, &clean, e))
		return false;
	buf_make(&b, mem);
	json_print(&b, &clean);
	*text = b.p;
	return buf_ok(&b) || err_memory(e);
}

/* ---- holding it ---- */

static const char *const things[USAGE__MAX] = {
	[USAGE_USERS] = "users",
	[USAGE_API_KEYS] = "API keys",
	[USAGE_CONFIGS] = "drift configs",
	[USAGE_SNAPSHOTS] = "snapshots in a day",
	[USAGE_STORAGE] = "bytes of storage",
};

static bool
refuse(enum usage_kind k, int64_t limit, struct err *e)
{
	err_set(e, ERR_QUOTA, 0, "", "quota of %s: %lld", usage_name(k), (long long)limit);
	snprintf(e->pub, sizeof(e->pub),
	    "The quota is used up: the tenant may have %lld %s. Remove what is not needed any "
	    "more, or ask the operator for more.",
	    (long long)limit, things[k]);
	return false;
}

static bool
read_quota(const struct tenant_db *t, struct quota *q, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(NULL);
	bool        ok;

	if (tmp == NULL)
		return err_memory(e);
	ok = quota_of(tmp, t->tenant, q, e);
	talloc_free(tmp);
	return ok;
}

bool
quota_bounds(const struct tenant_db *t, enum usage_kind k, bool *bounds, struct err *e)
{
	struct quota q;

	if (!read_quota(t, &q, e))
		return false;
	*bounds = quota_limit(&q, k) > 0;
	return true;
}

bool
quota_take(struct tenant_db *t, enum usage_kind k, struct err *e)
{
	struct quota q;
	bool         taken;

	if (!read_quota(t, &q, e) || !usage_take(t->db, k, quota_limit(&q, k), &taken, e))
		return false;
	return taken || refuse(k, quota_limit(&q, k), e);
}

bool
quota_ask_push(struct tenant_db *t, instant now, struct err *e)
{
	struct quota q;
	int64_t      snapshots, bytes;

	if (!read_quota(t, &q, e))
		return false;
	if (q.snapshots_per_day == 0 && q.storage_bytes == 0)
		return true;
	if (!usage_of_pushes(t->db, now.ms / DAY_MS, &snapshots, &bytes, e))
		return false;
	if (q.snapshots_per_day > 0 && snapshots >= q.snapshots_per_day)
		return refuse(USAGE_SNAPSHOTS, q.snapshots_per_day, e);
	/* what is there already takes no more room */
	return q.storage_bytes == 0 || bytes <= q.storage_bytes ||
	       refuse(USAGE_STORAGE, q.storage_bytes, e);
}

bool
quota_take_push(struct tenant_db *t, instant now, int64_t bytes, struct err *e)
{
	struct usage_push p = { .day = now.ms / DAY_MS, .bytes = bytes };
	struct quota      q;
	enum usage_kind   met;

	if (!read_quota(t, &q, e))
		return false;
	p.per_day = q.snapshots_per_day;
	p.storage = q.storage_bytes;
	if (!usage_take_push(t->db, &p, &met, e))
		return false;
	return met == USAGE__MAX || refuse(met, quota_limit(&q, met), e);
}

bool
quota_has_room(struct tenant_db *t, enum usage_kind k, bool *tried, struct err *e)
{
	struct err   why = { 0 };
	struct quota q;
	int64_t      used;

	if (e->code != ERR_QUOTA || *tried)
		return false;
	*tried = true;
	if (!read_quota(t, &q, &why) || !usage_recount(t, k, &used, &why) ||
	    used >= quota_limit(&q, k))
		return false;
	err_clear(e);
	return true;
}
