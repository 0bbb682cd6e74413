#include "core/auth/caller.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/apikey.h"
#include "core/auth/audit_details.h"
#include "core/auth/audit_seldom.h"
#include "core/auth/session.h"
#include "core/auth/settings.h"
#include "core/base/hash.h"
#include "core/base/secret.h"
#include "core/shm/metric.h"

#define MIN(x, y)      ((x) < (y) ? (x) : (y))
#define CREDENTIAL_MAX 4096

static bool
refuse(struct err *e, const char *why)
{
	return err_set(e, ERR_UNAUTHENTICATED, 0, "", "caller: %s", why);
}

/* A missing row is the credential's fault; a database away is not. */
static bool
refuse_missing(struct err *e, const char *why)
{
	if (e->code == ERR_UNAVAILABLE || e->code == ERR_INTERNAL)
		return false;
	err_clear(e);
	return refuse(e, why);
}

struct resolving {
	struct auth             *a;
	TALLOC_CTX              *mem;
	const struct credential *c;
	const char              *address;
	int64_t                  now_ms;
	uint8_t                  key[HASH_LEN];
};

/* Where the credential is used; NULL: nobody knows. */
static const char *
place_of(const struct resolving *v)
{
	return v->c->untold ? NULL : v->address;
}

/*
 * The client's address belongs to an API key's entry: whether a key may be used
 * from there is then decided once per address.  Then come the tenant acted in
 * (nil: one's own) and what the value means: a program with other permissions,
 * or another struct, finds nothing of this one's.
 */
static bool
make_key(struct resolving *v, struct err *e)
{
	bool        is_key = v->c->kind == CREDENTIAL_API_KEY;
	const char *place = is_key ? place_of(v) : NULL, *address = place != NULL ? place : "";
	size_t      n = v->c->text.n, m = strlen(address);
	const struct {
		uint8_t  acting[16];
		uint64_t permissions, size;
	} of = { { 0 }, permissions_meaning(), sizeof(struct caller) };
	uint8_t *text;

	if (n == 0 || n > CREDENTIAL_MAX)
		return refuse(e, "empty or too long");
	text = secret_alloc(v->mem, n + 1 + m + sizeof(of));
	if (text == NULL)
		return err_memory(e);
	memcpy(text, v->c->text.p, n);
	text[n] = '\0';
	memcpy(text + n + 1, address, m);
	memcpy(text + n + 1 + m, &of, sizeof(of));
	hash_sha256(text, n + 1 + m + sizeof(of), v->key);
	talloc_free(text);
	return true;
}

/* What ends a user's sessions ends the user's keys, or they are read again; a key has an id where a
 * session has one. */
static void
remember(const struct resolving *v, struct cache_epochs before, const struct caller *c)
{
	bool                     is_key = c->kind == CALLER_API_KEY;
	const struct cache_value value = {
		.p = c,
		.n = sizeof(*c),
		.tenant = c->tenant,
		.user = is_key ? c->maker : c->user,
		.session = is_key ? c->user : c->session,
		.before = before,
		.end_ms =
		    c->roles_end_ms != 0 ? MIN(c->expires_ms, c->roles_end_ms) : c->expires_ms,
	};

	if (v->a->env->segment != NULL)
		cache_put(v->a->env->segment, v->key, &value, v->now_ms);
}

static struct cache_epochs
epochs_now(const struct resolving *v, const struct uuid *tenant, const struct uuid *user,
    const struct uuid *session)
{
	if (v->a->env->segment == NULL)
		return (struct cache_epochs) { 0 };
	return cache_epochs_read(v->a->env->segment, tenant, user, session);
}

static bool
open_tenant(const struct resolving *v, const struct uuid *id, struct tenant_db **t, struct err *e)
{
	const struct tenant *row;

	if (tenant_by_id(v->a->database, id, &row, e) &&
	    tenant_db_open(v->a->database, row, false, t, e))
		return true;
	return refuse_missing(e, "no such tenant, or it is not active");
}

/* ---- sessions ---- */

/* Notes the use once a minute; that it could not be noted is no fault of the request. */
static bool
touch(const struct resolving *v, struct tenant_db *t, int64_t last_seen_ms, struct caller *c)
{
	const struct settings *set;
	int64_t                idle_end = 0;
	struct err             why = { 0 };
	bool                   known;

	if (v->now_ms - last_seen_ms < SESSION_TOUCH_MS)
		return false;
	known = settings_of(v->a, t->tenant, &set, &why);
	if (known)
		idle_end = v->now_ms + set->session->idle_s * 1000;
	if (!known ||
	    !session_touch(t, &c->session, (instant) { v->now_ms }, (instant) { idle_end },
		(instant) { v->now_ms - SESSION_TOUCH_MS }, &why)) {
		log_err(v->a->env->log, LOG_SYSTEM, "the last use of a session could not be noted",
		    &why);
		return false;
	}
	c->idle_ms = MIN(idle_end, c->absolute_ms);
	return true;
}

static bool
check_token(const struct resolving *v, struct token_claims *claims, struct err *e)
{
	struct auth        *a = v->a;
	struct token_expect x = { .iss = a->env->conf->public_url, .clock = a->env->clock };
	bool                stranger = false;

	if (!auth_keys(a, false, e))
		return false;
	x.keys = a->keys;
	if (token_check(v->mem, &x, v->c->text, claims, &stranger, e))
		return true;
	if (!stranger)
		return false;
	err_clear(e);
	if (!auth_keys(a, true, e))
		return false;
	x.keys = a->keys;
	return token_check(v->mem, &x, v->c->text, claims, &stranger, e);
}

static bool
check_session(const struct resolving *v, const struct token_claims *claims,
    const struct session_caller *s, struct err *e)
{
	if (!uuid_eq(&s->user_id, &claims->user))
		return refuse(e, "the session is another user's");
	if (s->revoked_at.ms != 0)
		return refuse(e, "the session was ended");
	if (strcmp(s->status, "active") != 0)
		return refuse(e, "the user is not active");
	if (s->idle_end.ms <= v->now_ms || s->absolute_end.ms <= v->now_ms)
		return refuse(e, "the session has timed out");
	return true;
}

static bool
read_session(const struct resolving *v, struct caller *out, struct err *e)
{
	struct token_claims   claims;
	struct session_caller s;
	struct cache_epochs   before;
	struct deed_by        by = { .auth = v->a, .mem = v->mem };

	if (!check_token(v, &claims, e) || !open_tenant(v, &claims.tenant, &by.t, e))
		return false;
	before = epochs_now(v, &claims.tenant, &claims.user, &claims.session);
	if (!session_caller_by_id(by.t, v->mem, &claims.session, &s, e))
		return refuse_missing(e, "no such session");
	if (!session_bound(v->a, by.t->tenant, &s, e) || !check_session(v, &claims, &s, e) ||
	    !caller_of_session(&by, &claims.session, &s, out, e) ||
	    !caller_csrf(v->a, &claims.session, out->csrf, e))
		return false;
	out->expires_ms = MIN(claims.exp * 1000, out->absolute_ms);
	touch(v, by.t, s.last_seen.ms, out);
	remember(v, before, out);
	return true;
}

/*
 * What other hosts have done since.  *stale: rights have changed, read again.
 */
static bool
confirm_session(const struct resolving *v, struct caller *out, bool *stale, struct err *e)
{
	int64_t              idle_was = out->idle_ms;
	struct session_state s;
	struct cache_epochs  before;
	struct tenant_db    *t;

	if (!open_tenant(v, &out->tenant, &t, e))
		return false;
	before = epochs_now(v, &out->tenant, &out->user, &out->session);
	if (!session_state_by_id(t, v->mem, &out->session, &s, e))
		return refuse_missing(e, "the session was ended, or its user is not active");
	if (s.idle_end.ms <= v->now_ms)
		return refuse(e, "the session has timed out");
	*stale = s.epoch != out->db_epoch;
	if (*stale)
		return true;
	out->idle_ms = s.idle_end.ms;
	if (touch(v, t, s.last_seen.ms, out) || out->idle_ms != idle_was)
		remember(v, before, out);
	else
		cache_confirm(v->a->env->segment, v->key, v->now_ms);
	return true;
}

/* ---- API keys ---- */

/* The maker's epoch is to be from before the row is read: who made it is known from the cache, or
 * the row is read twice. */
static bool
check_api_key(const struct resolving *v, struct tenant_db *t, const struct key_text *text,
    struct caller *out, struct err *e)
{
	const struct deed_by by = { .auth = v->a, .mem = v->mem, .t = t };
	struct cache_epochs  before;
	struct uuid          maker;

	do {
		maker = out->maker;
		before = epochs_now(v, &t->tenant->id, &maker, &text->id);
		if (!api_key_check(&by, text, place_of(v), out, e))
			return refuse_missing(e, "no such API key");
	} while (v->a->env->segment != NULL && !uuid_eq(&out->maker, &maker));
	remember(v, before, out);
	return true;
}

struct refused_told {
	const char *reason;
};
static const struct field refused_told_fields[] = {
	TOLD(struct refused_told, reason),
	FIELD_END,
};
static const struct schema refused_told =
    SCHEMA("RefusedTold", struct refused_told, refused_told_fields);

/* What looks like a key of this tenant and is none; that it cannot be noted is no fault of the
 * request. */
static void
note_refused_key(
    const struct resolving *v, struct tenant_db *t, const struct uuid *id, const struct err *why)
{
	const struct origin  origin = { .address = v->address };
	const struct deed_by by = { .auth = v->a, .mem = v->mem, .t = t, .origin = &origin };
	struct audit_entry   entry = {
		  .action = AUDIT_API_KEY_REFUSED,
		  .failed = true,
		  .actor_kind = "anonymous",
		  .target_id = *id,
	};
	struct err e = { 0 };

	entry.details =
	    audit_details(v->mem, &refused_told, &(struct refused_told) { why->detail }, &e);
	if (entry.details == NULL || !audit_seldom(&by, &entry, NULL, NULL, &e))
		log_err(v->a->env->log, LOG_SYSTEM,
		    "a refused API key could not be put into the trail", &e);
}

static bool
read_api_key(const struct resolving *v, struct caller *out, struct err *e)
{
	struct key_text      text;
	const struct tenant *tenant;
	struct tenant_db    *t;
	bool                 ok;

	if (!key_text_parse(v->c->text, &text))
		return refuse(e, "not an API key, or mistyped");
	if (!tenant_by_tag(v->a->database, text.tenant, &tenant, e) ||
	    !tenant_db_open(v->a->database, tenant, false, &t, e))
		return refuse_missing(e, "no such tenant, or it is not active");
	ok = check_api_key(v, t, &text, out, e);
	if (!ok && e->code == ERR_UNAUTHENTICATED)
		note_refused_key(v, t, &text.id, e);
	secret_wipe(&text, sizeof(text));
	return ok;
}

/* ---- */

static bool
read_caller(const struct resolving *v, struct caller *out, struct err *e)
{
	metric_add(v->a->env->segment, METRIC_CACHE_MISSES, METRIC_BY("caller"), 1);
	switch (v->c->kind) {
	case CREDENTIAL_ACCESS_TOKEN:
		return read_session(v, out, e);
	case CREDENTIAL_API_KEY:
		return read_api_key(v, out, e);
	case CREDENTIAL_NONE:
		break;
	}
	return refuse(e, "no credential");
}

/* A hit in the cache: *age_ms since the database was last asked. */
static bool
recall(const struct resolving *v, struct caller *out, int64_t *age_ms)
{
	_Alignas(struct caller) uint8_t value[CACHE_VALUE_MAX];
	int64_t                         checked_ms = 0;
	size_t                          n = 0;

	if (v->a->env->segment == NULL ||
	    !cache_get(v->a->env->segment, v->key, v->now_ms, value, &n, &checked_ms) ||
	    n != sizeof(*out))
		return false;
	memcpy(out, value, sizeof(*out));
	*age_ms = v->now_ms - checked_ms;
	metric_add(v->a->env->segment, METRIC_CACHE_HITS, METRIC_BY("caller"), 1);
	return true;
}

static bool
resolve(const struct resolving *v, struct caller *out, struct err *e)
{
	int64_t age_ms = 0;
	bool    stale = true;

	*out = (struct caller) { 0 };
	if (!recall(v, out, &age_ms))
		return read_caller(v, out, e);
	if (age_ms >= 0 && age_ms < v->a->env->conf->revocation_lag_ms)
		return true;
	if (out->kind == CALLER_SESSION && !confirm_session(v, out, &stale, e))
		return false;
	return !stale || read_caller(v, out, e);
}

bool
caller_resolve(struct auth *a, TALLOC_CTX *mem, const struct credential *c, const char *address,
    struct caller *out, struct err *e)
{
	struct resolving v = {
		.a = a, .mem = mem, .c = c, .address = address, .now_ms = clock_ms(a->env->clock)
	};

	if (make_key(&v, e) && resolve(&v, out, e))
		return true;
	memset(out, 0, sizeof(*out));
	/* which of its faults it was is for the log only */
	if (e->code == ERR_UNAUTHENTICATED)
		snprintf(e->pub, sizeof(e->pub),
		    "The credential is not valid or has ended. Sign in again.");
	return false;
}

const char *
caller_own_name(const struct caller *c)
{
	size_t n = strlen(CALLER_KEY_PREFIX);

	return c->kind == CALLER_API_KEY && strncmp(c->name, CALLER_KEY_PREFIX, n) == 0
		   ? c->name + n
		   : c->name;
}

bool
caller_is(const struct caller *c, const struct uuid *user)
{
	return c != NULL &&
	       (uuid_eq(&c->user, user) || (!uuid_is_nil(&c->maker) && uuid_eq(&c->maker, user)));
}

static bool
csrf_of(const struct auth *a, uint32_t version, const struct uuid *session,
    char out[static CSRF_TOKEN_MAX], struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(NULL);
	struct str  bound = { NULL, 0 };
	uint8_t     key[KEY_LEN], mac[HASH_LEN];
	char       *text;

	if (tmp == NULL)
		return err_memory(e);
	if (!keyring_subkey(a->env->keyring, version, KEY_CSRF, bound, key, e)) {
		talloc_free(tmp);
		return false;
	}
	hash_hmac(key, sizeof(key), session->b, sizeof(session->b), mac);
	secret_wipe(key, sizeof(key));
	text = base64url_print(tmp, mac, sizeof(mac));
	if (text != NULL)
		snprintf(out, CSRF_TOKEN_MAX, "%s", text);
	talloc_free(tmp);
	return text != NULL || err_memory(e);
}

bool
caller_csrf(const struct auth *a, const struct uuid *session, char out[static CSRF_TOKEN_MAX],
    struct err *e)
{
	return csrf_of(a, keyring_newest(a->env->keyring), session, out, e);
}

static bool
csrf_fits_any(const struct auth *a, const struct uuid *session, struct str have)
{
	const struct keyring *k = a->env->keyring;
	char                  text[CSRF_TOKEN_MAX];
	bool                  fits = false;

	for (uint32_t v = keyring_below(k, 0); v > 0; v = keyring_below(k, v)) {
		struct err none = { 0 };

		if (csrf_of(a, v, session, text, &none) && have.n == strlen(text))
			fits |= secret_eq(have.p, text, have.n);
	}
	return fits;
}

/* Another process may have given it by a version that is not loaded here yet. */
bool
caller_csrf_fits(const struct auth *a, const struct uuid *session, struct str have)
{
	const struct keyring *k = a->env->keyring;

	return csrf_fits_any(a, session, have) ||
	       (keyring_has_more(k) && csrf_fits_any(a, session, have));
}
