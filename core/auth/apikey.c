#include "core/auth/apikey.h"

#include <stdio.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/base/secret.h"
#include "core/base/unicode.h"

/* ---- the keyed hash ---- */

static bool
hash_secret(const struct auth *a, const struct tenant *t, uint32_t version,
    const struct key_text *text, uint8_t out[static HASH_LEN], struct err *e)
{
	struct str bound = { (const char *)t->id.b, sizeof(t->id.b) };
	uint8_t    key[KEY_LEN];

	if (!keyring_subkey(a->keyring, version, KEY_API_KEY, bound, key, e))
		return false;
	hash_hmac(key, sizeof(key), text, sizeof(*text), out);
	secret_wipe(key, sizeof(key));
	return true;
}

/* Of any version of the keyring: keys outlive its rotation. */
static bool
secret_fits(
    const struct auth *a, const struct tenant *t, const struct key_text *text, struct blob stored)
{
	uint8_t hash[HASH_LEN];
	bool    fits = false;

	if (stored.n != HASH_LEN)
		return false;
	for (uint32_t v = keyring_newest(a->keyring); v > 0; v--) {
		struct err why = { 0 };

		if (hash_secret(a, t, v, text, hash, &why))
			fits |= secret_eq(hash, stored.p, HASH_LEN);
	}
	return fits;
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
	if (address != NULL && addr_parse(str_of(address), &addr) && cidr_list_match(&list, &addr))
		return true;
	return refuse(e, "not allowed from this address");
}

static void
fill_caller(const struct tenant *t, const struct api_key *k, struct caller *out)
{
	memset(out, 0, sizeof(*out)); /* the cache keeps its bytes, padding included */
	out->kind = CALLER_API_KEY;
	out->tenant = t->id;
	out->user = k->id;
	out->platform = tenant_is_platform(t);
	out->aal = 1;
	out->auth_time_ms = k->created_at.ms;
	out->created_ms = k->created_at.ms;
	out->expires_ms = k->expires_at.ms != 0 ? k->expires_at.ms : INT64_MAX;
	unicode_clean_into(str_of(k->name), out->name, sizeof(out->name));
	permissions_add(&out->permissions, k->scopes);
	permissions_bound(&out->permissions, t);
}

/* That the use could not be noted is no fault of the request. */
static void
touch(struct auth *a, struct tenant_db *t, const struct api_key *k, int64_t now_ms)
{
	struct err why = { 0 };

	if (now_ms - k->last_used_at.ms < API_KEY_TOUCH_MS)
		return;
	if (!api_key_touch(
		t, &k->id, (instant) { now_ms }, (instant) { now_ms - API_KEY_TOUCH_MS }, &why))
		log_err(a->log, LOG_SYSTEM, "the last use of an API key could not be noted", &why);
}

bool
api_key_check(struct auth *a, TALLOC_CTX *mem, struct tenant_db *t, const struct key_text *text,
    const char *address, struct caller *out, struct err *e)
{
	int64_t        now_ms = clock_ms(a->clock);
	struct api_key k;

	if (!api_key_by_id(t, mem, &text->id, &k, e))
		return false;
	if (!secret_fits(a, t->tenant, text, k.secret_hash))
		return refuse(e, "wrong secret");
	if (k.expires_at.ms != 0 && k.expires_at.ms <= now_ms)
		return refuse(e, "expired");
	if (!is_allowed_from(mem, k.allowed_addresses, address, e))
		return false;
	fill_caller(t->tenant, &k, out);
	touch(a, t, &k, now_ms);
	return true;
}

/* ---- making ---- */

static bool
check_scopes(TALLOC_CTX *mem, const struct tenant *t, const struct caller *caller,
    struct strings scopes, struct err *e)
{
	struct permissions want = { { 0, 0 } };

	if (scopes.n == 0)
		return err_fault(e, mem, "/scopes", "at least one is needed");
	for (size_t i = 0; i < scopes.n; i++) {
		char pointer[40];

		snprintf(pointer, sizeof(pointer), "/scopes/%zu", i);
		if (!permission_add(&want, scopes.items[i]))
			err_fault(e, mem, pointer, "not a permission of the form action:resource");
	}
	if (e->code != ERR_OK)
		return false;
	/* "read:*" asks for what can be had in this tenant */
	permissions_bound(&want, t);
	if (permission_covers(&caller->permissions, &want))
		return true;
	return err_set(e, ERR_ESCALATION, 0,
	    "A key cannot have permissions that its maker does not have.",
	    "scopes beyond the caller's permissions");
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
	return err_set(e, ERR_FORBIDDEN, 0, "API keys can neither make nor delete keys.",
	    "the caller is an API key");
}

static bool
make_text(struct auth *a, TALLOC_CTX *mem, const struct tenant *t, struct api_key *k, struct err *e)
{
	struct key_text text = { .id = k->id };
	char           *key = secret_alloc(mem, KEY_TEXT_LEN + 1);
	uint8_t        *hash = talloc_array(mem, uint8_t, HASH_LEN);
	bool            ok;

	if (key == NULL || hash == NULL)
		return err_memory(e);
	rand_fill(a->rand, text.secret, sizeof(text.secret));
	ok = tenant_tag(t, text.tenant, e) &&
	     hash_secret(a, t, keyring_newest(a->keyring), &text, hash, e);
	key_text_print(&text, key);
	secret_wipe(&text, sizeof(text));
	k->key = key;
	k->prefix = talloc_strndup(mem, key, API_KEY_PREFIX_LEN);
	k->secret_hash = (struct blob) { hash, HASH_LEN };
	return ok && (k->prefix != NULL || err_memory(e));
}

static const char *
details_of(TALLOC_CTX *mem, const struct api_key *k, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_puts(&b, "{\"name\":");
	buf_json(&b, str_of(k->name));
	buf_puts(&b, ",\"prefix\":");
	buf_json(&b, str_of(k->prefix));
	buf_puts(&b, ",\"scopes\":[");
	for (size_t i = 0; i < k->scopes.n; i++) {
		buf_puts(&b, i > 0 ? "," : "");
		buf_json(&b, str_of(k->scopes.items[i]));
	}
	buf_puts(&b, "]}");
	return buf_text(&b, e);
}

struct making {
	struct tenant_db     *t;
	const struct api_key *k;
};

static bool
make_body(struct db *db, void *arg, struct err *e)
{
	struct making *m = arg;

	(void)db;
	return api_key_add(m->t, m->k, e);
}

bool
api_key_make(struct auth *a, TALLOC_CTX *mem, struct tenant_db *t, const struct caller *caller,
    const struct origin *origin, const struct api_key_new *in, struct api_key *out, struct err *e)
{
	int64_t            now_ms = clock_ms(a->clock);
	struct making      m = { t, out };
	struct audit_entry entry = { .action = AUDIT_API_KEY_CREATE,
		.success = true,
		.caller = caller,
		.origin = origin,
		.target_kind = "api_key" };

	if (!refuse_keys(caller, e))
		return false;
	if (in->expires_at.ms != 0 && in->expires_at.ms <= now_ms)
		return err_fault(e, mem, "/expires_at", "must be in the future");
	if (!check_addresses(mem, in->allowed_addresses, e) ||
	    !check_scopes(mem, t->tenant, caller, in->scopes, e))
		return false;
	*out = (struct api_key) { .id = uuid_make(a->clock, a->rand),
		.scopes = in->scopes,
		.allowed_addresses = in->allowed_addresses,
		.created_by = caller->user,
		.created_at = { now_ms },
		.expires_at = in->expires_at };
	out->name = talloc_strdup(mem, in->name);
	if (out->name == NULL)
		return err_memory(e);
	if (!make_text(a, mem, t->tenant, out, e))
		return false;
	entry.target_id = out->id;
	entry.details = details_of(mem, out, e);
	return entry.details != NULL && audit_deed(t, mem, a, make_body, &m, &entry, e);
}

/* ---- ending ---- */

struct dropping {
	struct tenant_db *t;
	struct uuid       id;
	instant           now;
};

static bool
drop_body(struct db *db, void *arg, struct err *e)
{
	struct dropping *d = arg;

	(void)db;
	return api_key_revoke(d->t, &d->id, d->now, e);
}

bool
api_key_drop(struct auth *a, TALLOC_CTX *mem, struct tenant_db *t, const struct caller *caller,
    const struct origin *origin, const struct uuid *id, struct err *e)
{
	struct dropping    d = { t, *id, { clock_ms(a->clock) } };
	struct audit_entry entry = { .action = AUDIT_API_KEY_DELETE,
		.success = true,
		.caller = caller,
		.origin = origin,
		.target_kind = "api_key",
		.target_id = *id };

	if (!refuse_keys(caller, e) || !audit_deed(t, mem, a, drop_body, &d, &entry, e))
		return false;
	if (a->segment != NULL)
		cache_bump_user(a->segment, id);
	return true;
}
