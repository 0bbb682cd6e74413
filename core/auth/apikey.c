#include "core/auth/apikey.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/ends.h"
#include "core/auth/give.h"
#include "core/base/hash.h"
#include "core/base/secret.h"
#include "core/base/unicode.h"
#include "core/store/drift/config.h"
#include "core/store/identity/user.h"
#include "core/store/tenant/quota.h"

#define DAY_MS INT64_C(86400000)

/* ---- the keyed hash ---- */

static bool
hash_secret(const struct auth *a, const struct tenant *t, uint32_t version,
    const struct key_text *text, uint8_t out[static HASH_LEN], struct err *e)
{
	struct str bound = { (const char *)t->id.b, sizeof(t->id.b) };
	uint8_t    key[KEY_LEN];

	if (!keyring_subkey(a->env->keyring, version, KEY_API_KEY, bound, key, e))
		return false;
	hash_hmac(key, sizeof(key), text, sizeof(*text), out);
	secret_wipe(key, sizeof(key));
	return true;
}

/* Of any version of the keyring: keys outlive its rotation.  0: of none. */
static uint32_t
fits_any(
    const struct auth *a, const struct tenant *t, const struct key_text *text, struct blob stored)
{
	const struct keyring *k = a->env->keyring;
	uint8_t               hash[HASH_LEN];
	uint32_t              fits = 0;

	for (uint32_t v = keyring_below(k, 0); v > 0; v = keyring_below(k, v)) {
		struct err why = { 0 };

		if (hash_secret(a, t, v, text, hash, &why))
			fits = secret_eq(hash, stored.p, HASH_LEN) ? v : fits;
	}
	return fits;
}

/* Another process may have made it with a version that is not loaded here yet. */
static uint32_t
secret_fits(
    const struct auth *a, const struct tenant *t, const struct key_text *text, struct blob stored)
{
	uint32_t version = stored.n == HASH_LEN ? fits_any(a, t, text, stored) : 0;

	if (version == 0 && stored.n == HASH_LEN && keyring_has_more(a->env->keyring))
		version = fits_any(a, t, text, stored);
	return version;
}

/* ---- checking ---- */

static bool
refuse(struct err *e, const char *why)
{
	return err_set(e, ERR_UNAUTHENTICATED, 0, "The API key is not valid.", "API key: %s", why);
}

static bool
is_allowed_from(TALLOC_CTX *mem, struct strings ranges, const char *address, struct err *e)
{
	struct cidr_list list;
	struct addr      addr;

	if (ranges.n == 0)
		return true;
	if (!cidr_list_parse(mem, ranges, &list, e))
		return false;
	if (address == NULL)
		return refuse(e, "allowed from some addresses, and a trusted proxy told none");
	if (addr_parse(str_of(address), &addr) && cidr_list_match(&list, &addr))
		return true;
	return refuse(e, "not allowed from this address");
}

static bool
is_service(const struct api_key *k)
{
	return strcmp(k->kind, KEY_SERVICE) == 0;
}

bool
api_key_permissions(TALLOC_CTX *mem, const struct tenant *t, const struct api_key *k,
    const char *granted, struct permissions *out, struct err *e)
{
	struct permissions makers = { { 0, 0 } };
	struct strings     texts;

	*out = (struct permissions) { { 0, 0 } };
	permissions_add(out, k->scopes);
	permissions_bound(out, t);
	permissions_bound_key(out, k->administrative && is_service(k));
	if (is_service(k))
		return true;
	if (!strings_of_lines(mem, granted, &texts, e))
		return false;
	permissions_add(&makers, texts);
	permissions_intersect(out, &makers);
	return true;
}

/* A text that is no id, as only another program can have written, binds to a config that is not
 * there. */
static void
fill_configs(const struct api_key *k, struct caller *out)
{
	for (size_t i = 0; i < k->config_ids.n && i < KEY_CONFIGS_MAX; i++) {
		struct uuid *id = &out->configs[out->configs_n++];

		if (!uuid_parse(str_of(k->config_ids.items[i]), id))
			*id = (struct uuid) { 0 };
	}
}

static bool
fill_caller(TALLOC_CTX *mem, const struct tenant *t, const struct api_key *k, struct caller *out,
    struct err *e)
{
	size_t prefix = strlen(CALLER_KEY_PREFIX);

	memset(out, 0, sizeof(*out)); /* the cache keeps its bytes, padding included */
	out->kind = CALLER_API_KEY;
	out->tenant = t->id;
	out->user = k->id;
	out->maker = k->created_by;
	out->service = is_service(k);
	out->platform = tenant_is_platform(t);
	out->aal = 1;
	out->auth_time_ms = k->created_at.ms;
	out->created_ms = k->created_at.ms;
	out->expires_ms = k->expires_at.ms != 0 ? k->expires_at.ms : INT64_MAX;
	if (!is_service(k))
		out->roles_end_ms = k->roles_end.ms;
	memcpy(out->name, CALLER_KEY_PREFIX, prefix);
	unicode_clean_into(str_of(k->name), out->name + prefix, sizeof(out->name) - prefix);
	fill_configs(k, out);
	return api_key_permissions(mem, t, k, k->granted, &out->permissions, e);
}

/* That the use could not be noted is no fault of the request. */
static void
touch(const struct deed_by *by, const struct api_key *k, int64_t now_ms)
{
	struct err why = { 0 };

	if (now_ms - k->last_used_at.ms < API_KEY_TOUCH_MS)
		return;
	if (!api_key_touch(
		by->t, &k->id, (instant) { now_ms }, (instant) { now_ms - API_KEY_TOUCH_MS }, &why))
		log_err(by->auth->env->log, LOG_SYSTEM,
		    "the last use of an API key could not be noted", &why);
}

/*
 * Only who has the secret can hash it by a newer version: at its next use.  That it could not be
 * kept is no fault of the request.
 */
static void
renew_hash(const struct deed_by *by, const struct key_text *text, const struct api_key *k,
    uint32_t version)
{
	uint32_t   newest = keyring_newest(by->auth->env->keyring);
	uint8_t    hash[HASH_LEN];
	struct err why = { 0 };

	if (version == newest && k->pepper == (int64_t)version)
		return;
	if (!hash_secret(by->auth, by->t->tenant, newest, text, hash, &why) ||
	    !api_key_rehash(by->t, k, (struct blob) { hash, HASH_LEN }, newest, &why))
		log_err(by->auth->env->log, LOG_SYSTEM,
		    "an API key could not be hashed by the newest version of the keyring", &why);
}

static bool
goes_on(const struct api_key *k, int64_t now_ms, struct err *e)
{
	if (k->expires_at.ms != 0 && k->expires_at.ms <= now_ms)
		return refuse(e, "expired");
	return !k->orphaned || is_service(k) || refuse(e, "its maker is gone or disabled");
}

bool
api_key_check(const struct deed_by *by, const struct key_text *text, const char *address,
    struct caller *out, struct err *e)
{
	const struct tenant *t = by->t->tenant;
	int64_t              now_ms = clock_ms(by->auth->env->clock);
	struct api_key       k;
	uint32_t             version;

	if (!api_key_by_id(by->t, by->mem, &text->id, &k, e))
		return false;
	version = secret_fits(by->auth, t, text, k.secret_hash);
	if (version == 0)
		return refuse(e, "wrong secret");
	if (!goes_on(&k, now_ms, e) || !is_allowed_from(by->mem, k.allowed_addresses, address, e) ||
	    !fill_caller(by->mem, t, &k, out, e))
		return false;
	touch(by, &k, now_ms);
	renew_hash(by, text, &k, version);
	return true;
}

bool
api_key_again(const struct deed_by *by, const struct uuid *id, struct caller *out, struct err *e)
{
	struct api_key k;

	return api_key_by_id(by->t, by->mem, id, &k, e) &&
	       goes_on(&k, clock_ms(by->auth->env->clock), e) &&
	       fill_caller(by->mem, by->t->tenant, &k, out, e);
}

/* ---- making ---- */

static void
check_scope(TALLOC_CTX *mem, const struct api_key_new *in, size_t i, struct err *e)
{
	struct permissions one = { { 0, 0 } };
	const char        *text = in->scopes.items[i];
	char               pointer[40];

	snprintf(pointer, sizeof(pointer), "/scopes/%zu", i);
	if (!permission_add(&one, text))
		err_fault(e, mem, pointer, "not a permission of the form action:resource");
	else if (strcmp(text, "create:api_keys") == 0)
		err_fault(e, mem, pointer, "no key makes keys");
	else if (in->config_ids.n > 0 && strcmp(text, "write:snapshots") != 0)
		err_fault(e, mem, pointer,
		    "a key with config_ids pushes there and does nothing else: its only scope is "
		    "write:snapshots");
	else if (!in->administrative && permission_needs_administrative(text))
		err_fault(e, mem, pointer,
		    "changing users, roles, keys, tenants or settings needs a key of kind service "
		    "with administrative true");
}

static void
check_kind(
    TALLOC_CTX *mem, const struct api_key_new *in, bool service, int64_t now_ms, struct err *e)
{
	if (in->administrative && !service)
		err_fault(e, mem, "/administrative", "is for keys of kind service");
	if (service && in->expires_at.ms == 0)
		err_fault(e, mem, "/expires_at",
		    "is required of a service key: at most %d days ahead", KEY_DAYS_MAX);
	else if (in->expires_at.ms != 0 && in->expires_at.ms <= now_ms)
		err_fault(e, mem, "/expires_at", "must be in the future");
	else if (service && in->expires_at.ms - now_ms > KEY_DAYS_MAX * DAY_MS)
		err_fault(e, mem, "/expires_at", "a service key ends within %d days", KEY_DAYS_MAX);
}

static void
check_config_texts(TALLOC_CTX *mem, struct strings ids, struct err *e)
{
	struct uuid id;

	for (size_t i = 0; i < ids.n; i++) {
		struct strings before = { ids.items, i };
		char           pointer[40];

		snprintf(pointer, sizeof(pointer), "/config_ids/%zu", i);
		if (!uuid_parse(str_of(ids.items[i]), &id))
			err_fault(e, mem, pointer, "must be a UUID");
		else if (strings_have(before, ids.items[i]))
			err_fault(e, mem, pointer, "comes twice");
	}
}

static bool
check_addresses(TALLOC_CTX *mem, struct strings ranges, struct err *e)
{
	struct cidr one;
	bool        ok = true;

	for (size_t i = 0; i < ranges.n; i++) {
		char pointer[40];

		snprintf(pointer, sizeof(pointer), "/allowed_addresses/%zu", i);
		if (!cidr_parse(str_of(ranges.items[i]), &one))
			ok =
			    err_fault(e, mem, pointer, "not an address or a range like 10.0.0.0/8");
	}
	return ok;
}

static bool
refuse_keys(const struct caller *caller, struct err *e)
{
	if (caller->kind == CALLER_SESSION)
		return true;
	return err_set(e, ERR_FORBIDDEN, 0, "No API key makes keys.", "the caller is an API key");
}

static bool
make_text(const struct deed_by *by, struct api_key *k, struct err *e)
{
	const struct env    *env = by->auth->env;
	const struct tenant *t = by->t->tenant;
	struct key_text      text = { .id = k->id };
	uint32_t             pepper = keyring_newest(env->keyring);
	char                *key = secret_alloc(by->mem, KEY_TEXT_LEN + 1);
	uint8_t             *hash = talloc_array(by->mem, uint8_t, HASH_LEN);
	bool                 ok;

	if (key == NULL || hash == NULL)
		return err_memory(e);
	rand_fill(env->rand, text.secret, sizeof(text.secret));
	ok = tenant_tag(t, text.tenant, e) && hash_secret(by->auth, t, pepper, &text, hash, e);
	key_text_print(&text, key);
	secret_wipe(&text, sizeof(text));
	k->key = key;
	k->prefix = talloc_strndup(by->mem, key, API_KEY_PREFIX_LEN);
	k->secret_hash = (struct blob) { hash, HASH_LEN };
	k->pepper = pepper;
	return ok && (k->prefix != NULL || err_memory(e));
}

static const struct field key_told_fields[] = {
	TOLD(struct api_key, name),
	TOLD(struct api_key, prefix),
	TOLD(struct api_key, kind),
	TOLD(struct api_key, administrative),
	TOLD(struct api_key, scopes),
	TOLD(struct api_key, config_ids),
	FIELD_END,
};
static const struct schema key_told = SCHEMA("KeyTold", struct api_key, key_told_fields);

struct key_making {
	const struct deed_by *by;
	struct api_key       *k;
};

static bool
check_maker(const struct key_making *m, struct err *e)
{
	struct permissions want = { { 0, 0 } };
	struct user        u;

	if (!user_lock(m->by->t, &m->by->caller->user, e) ||
	    !user_by_id(m->by->t, m->by->mem, &m->by->caller->user, &u, e))
		return false;
	if (!user_is_active(&u))
		return refuse(e, "its maker is not active");
	permissions_add(&want, m->k->scopes);
	/* "read:*" asks for what a key can have in this tenant */
	permissions_bound_key(&want, m->k->administrative);
	if (!may_give(
		m->by, &want, "A key cannot have permissions that its maker does not have.", e))
		return false;
	/* a personal one ends with what its maker may */
	return strcmp(m->k->kind, KEY_SERVICE) != 0 ||
	       may_give_until(m->by, &want, m->k->expires_at,
		   "A service key cannot have permissions for longer than its maker has them.", e);
}

static bool
check_configs(const struct key_making *m, struct err *e)
{
	bool ok = true;

	for (size_t i = 0; i < m->k->config_ids.n; i++) {
		struct uuid id;
		bool        there;
		char        pointer[40];

		if (!uuid_parse(str_of(m->k->config_ids.items[i]), &id) ||
		    !config_exists(m->by->t, &id, &there, e))
			return false;
		snprintf(pointer, sizeof(pointer), "/config_ids/%zu", i);
		if (!there)
			ok = err_fault(e, m->by->mem, pointer, "there is no such drift config");
	}
	return ok;
}

static bool
make_body(struct db *db, void *arg, struct err *e)
{
	struct key_making *m = arg;

	(void)db;
	return check_maker(m, e) && check_configs(m, e) &&
	       quota_take(m->by->t, USAGE_API_KEYS, e) && api_key_add(m->by->t, m->k, e);
}

/* An end that is nearer than that when the key is made needs no telling. */
static int64_t
told_already(const struct api_key *k)
{
	int64_t days = k->expires_at.ms == 0
			   ? INT64_MAX
			   : (k->expires_at.ms - k->created_at.ms + DAY_MS - 1) / DAY_MS;

	return days <= KEY_TOLD_LAST ? KEY_TOLD_LAST : days <= KEY_TOLD_FIRST ? KEY_TOLD_FIRST : 0;
}

static bool
fill_key(const struct deed_by *by, const struct api_key_new *in, struct api_key *out, struct err *e)
{
	const struct env *env = by->auth->env;
	TALLOC_CTX       *mem = by->mem;

	*out = (struct api_key) { .id = uuid_make(env->clock, env->rand),
		.administrative = in->administrative,
		.scopes = in->scopes,
		.config_ids = in->config_ids,
		.allowed_addresses = in->allowed_addresses,
		.created_by = by->caller->user,
		.created_at = { clock_ms(env->clock) },
		.expires_at = in->expires_at };
	out->told_days = told_already(out);
	out->name = talloc_strdup(mem, in->name);
	out->kind = talloc_strdup(mem, in->kind == NULL ? KEY_PERSONAL : in->kind);
	return out->name != NULL && out->kind != NULL ? make_text(by, out, e) : err_memory(e);
}

static bool
check_new(struct auth *a, TALLOC_CTX *mem, const struct api_key_new *in, struct err *e)
{
	bool service = in->kind != NULL && strcmp(in->kind, KEY_SERVICE) == 0;

	check_kind(mem, in, service, clock_ms(a->env->clock), e);
	check_addresses(mem, in->allowed_addresses, e);
	check_config_texts(mem, in->config_ids, e);
	if (in->scopes.n == 0)
		err_fault(e, mem, "/scopes", "at least one is needed");
	for (size_t i = 0; i < in->scopes.n; i++)
		check_scope(mem, in, i, e);
	return e->code == ERR_OK;
}

bool
api_key_make(
    const struct deed_by *by, const struct api_key_new *in, struct api_key *out, struct err *e)
{
	struct key_making  m = { by, out };
	struct audit_entry entry = { .action = AUDIT_API_KEY_CREATE };
	bool               tried = false;

	if (!refuse_keys(by->caller, e) || !check_new(by->auth, by->mem, in, e) ||
	    !fill_key(by, in, out, e))
		return false;
	entry.target_id = out->id;
	entry.details = audit_details(by->mem, &key_told, out, e);
	if (entry.details == NULL)
		return false;
	while (!audit_deed(by, make_body, &m, &entry, e))
		if (!quota_has_room(by->t, USAGE_API_KEYS, &tried, e))
			return false;
	return true;
}

/* ---- reading ---- */

bool
api_key_page(
    const struct deed_by *by, const struct api_key_filter *f, struct page *p, struct err *e)
{
	return api_key_list(by->t, by->mem, f, p, e);
}

/* ---- ending ---- */

struct dropping {
	struct tenant_db *t;
	struct ending     x;
};

static bool
drop_body(struct db *db, void *arg, struct err *e)
{
	struct dropping *d = arg;

	(void)db;
	return ends_apply(d->t, &d->x, e);
}

bool
api_key_drop(const struct deed_by *by, const struct uuid *id, struct err *e)
{
	const struct env  *env = by->auth->env;
	struct dropping    d = { by->t,
		   { .event = END_KEY_DELETED, .key = *id, .now = { clock_ms(env->clock) } } };
	struct audit_entry entry = { .action = AUDIT_API_KEY_DELETE, .target_id = *id };

	if (!audit_deed(by, drop_body, &d, &entry, e))
		return false;
	cache_bump_session(env->segment, id);
	return true;
}
