#include "core/auth/session.h"

#include <string.h>

#include "core/auth/ends.h"
#include "core/auth/place.h"
#include "core/auth/tenant_tag.h"
#include "core/base/hash.h"
#include "core/base/secret.h"
#include "core/base/unicode.h"
#include "core/shm/metric.h"

#define MIN(x, y) ((x) < (y) ? (x) : (y))

static bool
refuse(struct err *e, const char *why)
{
	return err_set(e, ERR_UNAUTHENTICATED, 0, "The refresh token is not valid. Sign in again.",
	    "refresh: %s", why);
}

/* ---- refresh tokens ---- */

struct refresh {
	uint8_t tenant[TENANT_TAG_LEN];
	uint8_t session[16];
	uint8_t generation[8]; /* big endian */
	uint8_t pepper[4];     /* version of the keyring */
	uint8_t mac[HASH_LEN];
};
_Static_assert(sizeof(struct refresh) == 68, "the members leave no holes");
_Static_assert(BASE64URL_LEN(sizeof(struct refresh)) == REFRESH_TOKEN_LEN, "the text's length");

static void
put_number(uint8_t *out, size_t n, uint64_t v)
{
	for (; n > 0; v >>= 8)
		out[--n] = (uint8_t)v;
}

static uint64_t
take_number(const uint8_t *in, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | in[i];
	return v;
}

static bool
refresh_mac(
    const struct auth *a, const struct refresh *t, uint8_t mac[static HASH_LEN], struct err *e)
{
	uint32_t version = (uint32_t)take_number(t->pepper, sizeof(t->pepper));
	uint8_t  key[KEY_LEN];

	if (!keyring_subkey(
		a->env->keyring, version, KEY_REFRESH, (struct str) { NULL, 0 }, key, e))
		return false;
	hash_hmac(key, sizeof(key), t, offsetof(struct refresh, mac), mac);
	secret_wipe(key, sizeof(key));
	return true;
}

static const char *
refresh_print(const struct auth *a, TALLOC_CTX *mem, const struct tenant *t,
    const struct uuid *session, uint64_t generation, struct err *e)
{
	struct refresh r;
	char          *text;

	if (!tenant_tag(t, r.tenant, e))
		return NULL;
	memcpy(r.session, session->b, sizeof(r.session));
	put_number(r.generation, sizeof(r.generation), generation);
	put_number(r.pepper, sizeof(r.pepper), keyring_newest(a->env->keyring));
	if (!refresh_mac(a, &r, r.mac, e))
		return NULL;
	text = base64url_print(mem, (const uint8_t *)&r, sizeof(r));
	if (text == NULL)
		err_memory(e);
	else
		secret_guard(text);
	return text;
}

static bool
refresh_parse(const struct auth *a, struct str text, struct refresh *r, struct err *e)
{
	struct err why = { 0 };
	uint8_t    mac[HASH_LEN];
	size_t     n = 0;

	if (text.n != REFRESH_TOKEN_LEN || !base64url_parse(text, (uint8_t *)r, sizeof(*r), &n) ||
	    n != sizeof(*r))
		return refuse(e, "malformed");
	if (!refresh_mac(a, r, mac, &why) || !secret_eq(mac, r->mac, sizeof(mac)))
		return refuse(e, "not one of ours");
	return true;
}

/* ---- callers ---- */

bool
session_bound(struct auth *a, const struct tenant *t, struct session_caller *s, struct err *e)
{
	const struct settings *set;

	if (!settings_of(a, t, &set, e))
		return false;
	s->absolute_end.ms =
	    MIN(s->absolute_end.ms, s->began_at.ms + set->session->absolute_s * 1000);
	s->idle_end.ms = MIN(s->idle_end.ms, s->last_seen.ms + set->session->idle_s * 1000);
	s->idle_end.ms = MIN(s->idle_end.ms, s->absolute_end.ms);
	return true;
}

/*
 * Whoever must have a second factor does nothing without having shown one: also a session that was
 * begun with one factor while another one set up the second is not let through by that.
 */
static bool
must_enroll(const struct settings *set, const struct strings *roles, int64_t aal)
{
	const struct strings *required = &set->mfa->required_for;

	for (size_t i = 0; i < roles->n && aal < 2; i++)
		for (size_t j = 0; j < required->n; j++)
			if (strcmp(roles->items[i], required->items[j]) == 0)
				return true;
	return false;
}

static bool
caller_rights(
    const struct deed_by *by, const struct session_caller *s, struct caller *c, struct err *e)
{
	const struct tenant   *t = by->t->tenant;
	const struct settings *set;
	struct strings         roles, granted;

	if (!settings_of(by->auth, t, &set, e) ||
	    !strings_of_lines(by->mem, s->role_names, &roles, e) ||
	    !strings_of_lines(by->mem, s->granted, &granted, e))
		return false;
	/* a text this program does not know grants nothing */
	permissions_add(&c->permissions, granted);
	permissions_bound(&c->permissions, t);
	c->platform = tenant_is_platform(t);
	c->mfa_enrollment = must_enroll(set, &roles, s->aal);
	return true;
}

bool
caller_of_session(const struct deed_by *by, const struct uuid *session,
    const struct session_caller *s, struct caller *c, struct err *e)
{
	memset(c, 0, sizeof(*c)); /* the cache keeps its bytes, padding included */
	c->kind = CALLER_SESSION;
	c->tenant = by->t->tenant->id;
	c->user = s->user_id;
	c->session = *session;
	c->aal = s->aal;
	c->auth_time_ms = s->auth_time.ms;
	c->expires_ms = s->absolute_end.ms;
	c->roles_end_ms = s->roles_end.ms;
	c->db_epoch = s->epoch;
	c->two_factor = s->two_factor;
	c->has_password = s->has_password;
	c->idle_ms = s->idle_end.ms;
	c->absolute_ms = s->absolute_end.ms;
	c->last_login_ms = s->last_login.ms;
	c->created_ms = s->created_at.ms;
	unicode_clean_into(str_of(s->email), c->name, sizeof(c->name));
	c->whole =
	    unicode_clean_into(str_of(s->display_name), c->display_name, sizeof(c->display_name)) &&
	    unicode_clean_into(str_of(s->role_names), c->roles, sizeof(c->roles));
	return caller_rights(by, s, c, e);
}

bool
caller_user(
    struct tenant_db *t, TALLOC_CTX *mem, const struct caller *c, struct user *u, struct err *e)
{
	if (!c->whole)
		return user_by_id(t, mem, &c->user, u, e);
	*u = (struct user) { .id = c->user,
		.tenant_id = c->tenant,
		.two_factor = c->two_factor,
		.last_login = { c->last_login_ms },
		.created_at = { c->created_ms } };
	u->email = talloc_strdup(mem, c->name);
	u->display_name = talloc_strdup(mem, c->display_name);
	u->status = talloc_strdup(mem, "active"); /* nobody else is a caller */
	if (u->email == NULL || u->display_name == NULL || u->status == NULL)
		return err_memory(e);
	if (*c->roles == '\0')
		return true;
	if (!strings_of_lines(mem, c->roles, &u->roles, e))
		return false;
	u->role = talloc_strdup(mem, u->roles.items[0]);
	return u->role != NULL || err_memory(e);
}

bool
session_page(const struct deed_by *by, struct page *p, struct err *e)
{
	const instant        now = { clock_ms(by->auth->env->clock) };
	struct session_item *rows;

	if (!session_list(by->t, by->mem, &by->caller->user, now, p, e))
		return false;
	rows = p->rows;
	for (size_t i = 0; i < p->n; i++)
		rows[i].current = uuid_eq(&rows[i].id, &by->caller->session);
	return true;
}

/* ---- granting ---- */

bool
session_grant_tokens(struct auth *a, TALLOC_CTX *mem, uint64_t generation,
    struct session_grant *grant, struct err *e)
{
	const struct caller   *c = &grant->caller;
	int64_t                now = clock_ms(a->env->clock);
	const struct settings *set;
	struct token_claims    claims = { .iss = a->env->conf->public_url,
		   .aud = a->env->conf->public_url,
		   .tenant = c->tenant,
		   .user = c->user,
		   .session = c->session,
		   .jti = uuid_make(a->env->clock, a->env->rand),
		   .iat = now / 1000,
		   .auth_time = c->auth_time_ms / 1000,
		   .aal = c->aal };

	if (!settings_of(a, grant->tenant, &set, e) || !auth_keys(a, false, e))
		return false;
	claims.exp = MIN(now / 1000 + set->session->access_s, c->absolute_ms / 1000);
	grant->access_end_ms = claims.exp * 1000;
	grant->access_token = token_sign(mem, a->signing, &claims, e);
	grant->refresh_token = grant->access_token == NULL ? NULL
							   : refresh_print(a, mem, grant->tenant,
								 &c->session, generation, e);
	return grant->refresh_token != NULL;
}

/* ---- refreshing ---- */

struct refreshing {
	struct deed_by        by; /* in the tenant of the session, once that is found */
	struct uuid           session;
	uint64_t              presented;
	struct session_caller row;
	int64_t               now_ms;
};

static bool
is_alive(const struct session_caller *s, int64_t now_ms)
{
	return s->revoked_at.ms == 0 && s->idle_end.ms > now_ms && s->absolute_end.ms > now_ms &&
	       strcmp(s->status, "active") == 0;
}

static bool
read_row(struct refreshing *f, struct err *e)
{
	if (!session_caller_by_id(f->by.t, f->by.mem, &f->session, &f->row, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return refuse(e, "no such session");
	}
	if (!session_bound(f->by.auth, f->by.t->tenant, &f->row, e))
		return false;
	return is_alive(&f->row, f->now_ms) || refuse(e, "the session has ended");
}

static bool
reuse_body(struct db *db, void *arg, struct err *e)
{
	struct refreshing *f = arg;
	struct ending      x = { .event = END_REFRESH_REUSED,
		     .now = { f->now_ms },
		     .user = f->row.user_id,
		     .session = f->session };

	(void)db;
	return ends_apply(f->by.t, &x, e);
}

/* Somebody has a copy: nobody can tell who the owner is, so it ends for both. */
static bool
end_reused(struct refreshing *f, struct err *e)
{
	struct caller      c;
	struct deed_by     as = deed_as(&f->by, &c);
	struct audit_entry entry = {
		.action = AUDIT_SESSION_REUSE,
		.failed = true,
		.target_id = f->session,
	};

	if (!caller_of_session(&f->by, &f->session, &f->row, &c, e) ||
	    !audit_deed(&as, reuse_body, f, &entry, e))
		return err_note(e, "ending a session whose refresh token was reused");
	cache_bump_session(f->by.auth->env->segment, &f->session);
	return err_set(e, ERR_REFRESH_REUSED, 0,
	    "This refresh token was used before. The session has been ended.",
	    "refresh token reused");
}

/* It was rotated before, and longer ago than a parallel tab may be late. */
static bool
is_reused(const struct refreshing *f)
{
	bool late = f->row.generation == f->presented + 1 && f->row.rotated_ago_s >= 0 &&
		    f->row.rotated_ago_s < REFRESH_GRACE_S;

	return f->row.generation > f->presented && !late;
}

/* The generation to give out: the next one, or the same successor once more. */
static bool
rotate(struct refreshing *f, uint64_t *generation, struct err *e)
{
	const struct settings *set;
	int64_t                idle_end;
	bool                   rotated;

	if (!settings_of(f->by.auth, f->by.t->tenant, &set, e))
		return false;
	idle_end = f->now_ms + set->session->idle_s * 1000;
	if (!session_rotate(f->by.t, &f->session, f->presented, (instant) { f->now_ms },
		(instant) { idle_end }, &rotated, e))
		return false;
	*generation = f->presented + 1;
	if (rotated) {
		f->row.idle_end.ms = MIN(idle_end, f->row.absolute_end.ms);
		return true;
	}
	if (!read_row(f, e))
		return false;
	if (is_reused(f))
		return end_reused(f, e);
	return f->row.generation > f->presented ||
	       refuse(e, "of a generation that was never given out");
}

static bool
find_tenant(struct refreshing *f, const struct refresh *r, struct err *e)
{
	const struct tenant *t;

	if (tenant_by_tag(f->by.auth->database, r->tenant, &t, e) &&
	    tenant_db_open(f->by.auth->database, t, false, &f->by.t, e))
		return true;
	if (e->code == ERR_UNAVAILABLE || e->code == ERR_INTERNAL)
		return false;
	err_clear(e);
	return refuse(e, "no such tenant, or it is not active");
}

/* Whose session it is; its row. */
static bool
find_session(struct refreshing *f, const struct refresh_shown *shown, struct err *e)
{
	struct refresh r;

	if (!refresh_parse(f->by.auth, shown->token, &r, e))
		return false;
	memcpy(f->session.b, r.session, sizeof(r.session));
	f->presented = take_number(r.generation, sizeof(r.generation));
	if (shown->of != NULL && !uuid_eq(shown->of, &f->session))
		return refuse(e, "of another session than the access token");
	return find_tenant(f, &r, e) && read_row(f, e);
}

static bool
refresh(struct refreshing *f, const struct refresh_shown *shown, struct session_grant *grant,
    struct err *e)
{
	uint64_t generation = 0;

	if (!find_session(f, shown, e))
		return false;
	if (is_reused(f)) /* from wherever it is shown */
		return end_reused(f, e);
	if (!place_check_user(&f->by, &f->row.user_id, f->row.email, e) ||
	    !rotate(f, &generation, e))
		return false;
	grant->tenant = f->by.t->tenant;
	return caller_of_session(&f->by, &f->session, &f->row, &grant->caller, e) &&
	       session_grant_tokens(f->by.auth, f->by.mem, generation, grant, e);
}

bool
session_refresh(const struct deed_by *by, const struct refresh_shown *shown,
    struct session_grant *grant, struct err *e)
{
	const struct env *env = by->auth->env;
	struct refreshing f = { .by = *by, .now_ms = clock_ms(env->clock) };
	bool              ok = refresh(&f, shown, grant, e);

	metric_add(env->segment, METRIC_AUTH_ATTEMPTS,
	    METRIC_BY("refresh", ok ? "success" : "failure"), 1);
	return ok;
}

bool
session_by_refresh(
    const struct deed_by *by, const struct refresh_shown *shown, struct uuid *tenant, struct err *e)
{
	struct refreshing f = { .by = *by, .now_ms = clock_ms(by->auth->env->clock) };

	if (!find_session(&f, shown, e))
		return false;
	if (f.row.generation != f.presented && f.row.generation != f.presented + 1)
		return refuse(e, "of another generation");
	*tenant = f.by.t->tenant->id;
	return true;
}

/* ---- ending ---- */

struct stopping {
	struct tenant_db *t;
	struct ending     x;
};

static bool
end_body(struct db *db, void *arg, struct err *e)
{
	struct stopping *in = arg;

	(void)db;
	return ends_apply(in->t, &in->x, e);
}

bool
session_end(const struct deed_by *by, bool all, struct err *e)
{
	const struct env    *env = by->auth->env;
	const struct caller *c = by->caller;
	struct stopping      in = { by->t, { .event = all ? END_SIGN_OUT_ALL : END_SIGN_OUT,
					       .now = { clock_ms(env->clock) },
					       .user = c->user,
					       .session = c->session } };
	struct audit_entry   entry = {
		  .action = AUDIT_SESSION_END,
		  .target_kind = all ? "user" : "session", /* whose sessions all end */
		  .target_id = all ? c->user : c->session,
	};

	if (!audit_deed(by, end_body, &in, &entry, e))
		return false;
	if (all)
		cache_bump_user(env->segment, &c->user);
	else
		cache_bump_session(env->segment, &c->session);
	return true;
}

/* The present generation and the one before it may end it; an older one is a copy. */
bool
session_end_by_refresh(
    const struct deed_by *by, const struct refresh_shown *shown, bool all, struct err *e)
{
	struct refreshing f = { .by = *by, .now_ms = clock_ms(by->auth->env->clock) };
	struct caller     c;

	if (!find_session(&f, shown, e))
		return false;
	if (f.row.generation > f.presented + 1)
		return end_reused(&f, e);
	if (f.row.generation < f.presented)
		return refuse(e, "of a generation that was never given out");
	f.by.caller = &c;
	return caller_of_session(&f.by, &f.session, &f.row, &c, e) && session_end(&f.by, all, e);
}
