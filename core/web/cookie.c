/* request.h: our cookies, read and set. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/crypt/token.h"
#include "core/web/pass.h"

/* Our cookies. __Host- binds to the host and Path=/; __Secure- leaves the path to us. */
static const struct cookie {
	const char *name;
	const char *prefix;
	const char *path; /* below the base path; NULL: "/" of the host */
	bool many; /* also one for each of something: "_" and hexadecimal digits behind the name */
} cookies[] = {
	{ "bsx_access", "__Host-", NULL, false },
	{ "bsx_refresh", "__Secure-", "/api/auth", false },
	{ "bsx_device", "__Secure-", "/api/auth/login", false },
	{ "bsx_oidc", "__Host-", NULL, true },
	{ "bsx_mfa", "__Host-", NULL, true },
};

/* "_" and 1..COOKIE_MARK_MAX digits. */
static bool
is_mark(struct str s)
{
	if (s.n < 2 || s.n > 1 + COOKIE_MARK_MAX || s.p[0] != '_')
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') && !(s.p[i] >= 'a' && s.p[i] <= 'f'))
			return false;
	return true;
}

static bool
is_one_of(const struct cookie *c, struct str name)
{
	size_t n = strlen(c->name);

	return c->many && str_starts(name, c->name) &&
	       is_mark((struct str) { name.p + n, name.n - n });
}

bool
cookie_name_by(const char *kind, struct str digits, char name[static COOKIE_NAME_MAX])
{
	if (digits.n != COOKIE_DIGITS)
		return false;
	snprintf(name, COOKIE_NAME_MAX, "%s_%.*s", kind, COOKIE_DIGITS, digits.p);
	return is_mark(str_of(name + strlen(kind)));
}

/* Enough of the hash that no two of one browser meet. */
void
cookie_name_of(const char *kind, struct str what, char name[static COOKIE_NAME_MAX])
{
	uint8_t hash[HASH_LEN];
	char    digits[COOKIE_DIGITS + 1];

	hash_sha256(what.p, what.n, hash);
	hex_print(hash, COOKIE_DIGITS / 2, digits);
	snprintf(name, COOKIE_NAME_MAX, "%s_%s", kind, digits);
}

static const struct cookie *
cookie_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++)
		if (strcmp(cookies[i].name, name) == 0 || is_one_of(&cookies[i], str_of(name)))
			return &cookies[i];
	return NULL;
}

static const char *
prefix_of(const struct request *r, const struct cookie *c)
{
	return c != NULL && app_is_https(r->app) ? c->prefix : "";
}

static bool
is_named(struct str name, const char *prefix, const char *want)
{
	size_t n = strlen(prefix);

	if (!str_starts(name, prefix))
		return false;
	return str_eqz((struct str) { name.p + n, name.n - n }, want);
}

struct str
request_cookie(const struct request *r, const char *name, bool *bad)
{
	const char *prefix = prefix_of(r, cookie_by_name(name));
	struct str  rest = request_param(r, "HTTP_COOKIE"), pair, key, value;
	struct str  found = { NULL, 0 };

	*bad = false;
	if (r->guest)
		return found;
	while (rest.p != NULL) {
		rest = str_cut(rest, ';', &pair);
		value = str_cut(str_trim(pair), '=', &key);
		if (value.p == NULL || !is_named(key, prefix, name))
			continue;
		/* Twice: one of them was planted, and which one wins is anybody's guess. */
		if (found.p != NULL) {
			*bad = true;
			return (struct str) { NULL, 0 };
		}
		found = value;
	}
	return found;
}

/* The pair's name without the prefix, when it is one of that kind. */
static bool
take_one_of(const struct cookie *c, const char *prefix, struct str key, struct str *name)
{
	size_t n = strlen(prefix);

	if (!str_starts(key, prefix))
		return false;
	*name = (struct str) { key.p + n, key.n - n };
	return is_one_of(c, *name);
}

size_t
request_cookies(const struct request *r, const char *kind, struct sent_cookie *out, size_t max)
{
	const struct cookie *c = cookie_by_name(kind);
	const char          *prefix = prefix_of(r, c);
	struct str           rest = request_param(r, "HTTP_COOKIE"), pair, key;
	size_t               n = 0;

	while (rest.p != NULL && n < max) {
		struct sent_cookie one;

		rest = str_cut(rest, ';', &pair);
		pair = str_trim(pair);
		one.value = str_cut(pair, '=', &key);
		one.bytes = pair.n + 2;
		if (c != NULL && one.value.p != NULL && take_one_of(c, prefix, key, &one.name))
			out[n++] = one;
	}
	return n;
}

static bool
refuse(struct err *e, const char *why)
{
	return err_set(
	    e, ERR_UNAUTHENTICATED, 0, "There is no refresh token. Sign in again.", "%s", why);
}

/*
 * A neighbouring host can plant a cookie of this name and path, but none named __Host-: a pair of
 * which one was planted does not fit together.
 */
bool
request_refresh_cookie(const struct request *r, struct str *token, struct uuid *of, struct err *e)
{
	struct str access;
	bool       bad, bad_access;

	*of = (struct uuid) { 0 };
	*token = request_cookie(r, "bsx_refresh", &bad);
	access = request_cookie(r, "bsx_access", &bad_access);
	if (bad || bad_access)
		return refuse(e, "the refresh or the access cookie came twice");
	if (token->n == 0)
		return refuse(e, "no refresh token");
	if (access.n > 0 && !token_session(r->mem, access, of))
		return refuse(e, "the access cookie is none of ours");
	/* a cookie comes by itself: the browser must say who sent it */
	return request_same_origin(r, true, e);
}

/* cookie-octet of RFC 6265 section 4.1.1 */
static bool
is_cookie_value(const char *z)
{
	for (; *z != '\0'; z++)
		if (*z <= ' ' || *z > '~' || strchr("\",;\\", *z) != NULL)
			return false;
	return true;
}

bool
reply_cookie(struct request *r, const char *name, const char *value, int64_t age_s, struct err *e)
{
	const struct cookie *c = cookie_by_name(name);
	bool                 below = c != NULL && c->path != NULL;
	struct buf           b;

	if (c == NULL || r->guest || !is_cookie_value(value))
		return err_set(
		    e, ERR_INTERNAL, 0, "internal error", "cookie %s cannot be set", name);
	buf_make(&b, r->mem);
	buf_puts(&b, prefix_of(r, c));
	buf_puts(&b, name);
	buf_putc(&b, '=');
	buf_puts(&b, age_s > 0 ? value : "");
	buf_puts(&b, "; Path=");
	buf_puts(&b, below ? r->app->env->conf->base_path : "/");
	buf_puts(&b, below ? c->path : "");
	buf_printf(&b, "; Max-Age=%" PRId64, age_s > 0 ? age_s : 0);
	buf_puts(&b, "; HttpOnly; SameSite=Lax");
	buf_puts(&b, app_is_https(r->app) ? "; Secure" : "");
	return buf_ok(&b) ? reply_header(r, "Set-Cookie", b.p, e) : err_memory(e);
}

/* ---- room for one more of a kind ---- */

#define SEEN_MAX 64 /* looked at; what a browser has beyond that goes another time */
#define DROP_MAX 4  /* cleared in one answer */

struct aged_cookie {
	char    name[COOKIE_NAME_MAX];
	size_t  bytes, place; /* in the header */
	int64_t made_ms;
};

static int
newest_first(const void *a, const void *b)
{
	const struct aged_cookie *x = a, *y = b;

	if (x->made_ms != y->made_ms)
		return x->made_ms < y->made_ms ? 1 : -1;
	return x->place < y->place ? 1 : -1;
}

static size_t
cookies_by_age(
    struct request *r, const struct cookie_bound *b, struct aged_cookie out[static SEEN_MAX])
{
	struct sent_cookie sent[SEEN_MAX];
	size_t             n = request_cookies(r, b->kind, sent, SEEN_MAX), taken = 0;

	for (size_t i = 0; i < n; i++) {
		struct aged_cookie *x = &out[taken];

		if (sent[i].name.n >= sizeof(x->name))
			continue;
		memcpy(x->name, sent[i].name.p, sent[i].name.n);
		x->name[sent[i].name.n] = '\0';
		x->bytes = sent[i].bytes;
		x->place = i;
		x->made_ms = b->made_ms != NULL ? b->made_ms(r, &sent[i]) : 1;
		taken++;
	}
	qsort(out, taken, sizeof(*out), newest_first);
	return taken;
}

bool
reply_cookie_room(struct request *r, const struct cookie_bound *b, size_t bytes, struct err *e)
{
	struct aged_cookie all[SEEN_MAX];
	size_t             n = cookies_by_age(r, b, all), kept = 0;

	while (kept < n && kept + 1 < b->most && all[kept].made_ms != 0 &&
	       (b->bytes == 0 || bytes + all[kept].bytes <= b->bytes))
		bytes += all[kept++].bytes;
	for (size_t i = n; i > kept && n - i < DROP_MAX; i--)
		if (!reply_cookie(r, all[i - 1].name, "", 0, e))
			return false;
	return true;
}
