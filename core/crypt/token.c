#include "core/crypt/token.h"

#include <inttypes.h>
#include <string.h>

#include "core/crypt/token_key.h"
#include "core/json/json.h"

#define HEADER_MAX 256
#define SIG_TEXT   BASE64URL_LEN(TOKEN_SIG_LEN)

static void
put_uuid(struct buf *b, const char *name, const struct uuid *u)
{
	char text[UUID_TEXT_MAX];

	uuid_print(u, text);
	buf_printf(b, ",\"%s\":\"%s\"", name, text);
}

static struct str
claims_print(TALLOC_CTX *mem, const struct token_claims *c)
{
	struct buf b;

	buf_make(&b, mem);
	buf_puts(&b, "{\"iss\":");
	buf_json(&b, str_of(c->iss));
	buf_puts(&b, ",\"aud\":");
	buf_json(&b, str_of(c->aud));
	put_uuid(&b, "sub", &c->user);
	put_uuid(&b, "tid", &c->tenant);
	put_uuid(&b, "sid", &c->session);
	put_uuid(&b, "jti", &c->jti);
	buf_printf(&b,
	    ",\"iat\":%" PRId64 ",\"exp\":%" PRId64 ",\"auth_time\":%" PRId64 ",\"aal\":%" PRId64
	    "}",
	    c->iat, c->exp, c->auth_time, c->aal);
	return buf_ok(&b) ? buf_str(&b) : (struct str) { NULL, 0 };
}

/* base64url(header) "." base64url(claims) */
static char *
signing_input(TALLOC_CTX *mem, const struct token_key *k, const struct token_claims *c)
{
	struct str claims = claims_print(mem, c);
	char      *header = talloc_asprintf(
		 mem, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}", token_key_kid(k));
	char *head, *body;

	if (claims.p == NULL || header == NULL)
		return NULL;
	head = base64url_print(mem, (const uint8_t *)header, strlen(header));
	body = base64url_print(mem, (const uint8_t *)claims.p, claims.n);
	if (head == NULL || body == NULL)
		return NULL;
	return talloc_asprintf(mem, "%s.%s", head, body);
}

static bool
fault(struct err *e, const char *what)
{
	return err_set(e, ERR_INTERNAL, 0, "internal error", "token: %s", what);
}

char *
token_sign(TALLOC_CTX *mem, const struct token_key *k, const struct token_claims *c, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(NULL);
	char       *text = tmp == NULL ? NULL : signing_input(tmp, k, c);
	char       *sig, *token = NULL;
	uint8_t     raw[TOKEN_SIG_LEN];

	if (text == NULL) {
		err_memory(e);
		goto done;
	}
	if (strlen(text) + 1 + SIG_TEXT > TOKEN_MAX) {
		fault(e, "claims too long to be read back");
		goto done;
	}
	if (!token_key_sign(k, str_of(text), raw)) {
		fault(e, "cannot sign");
		goto done;
	}
	sig = base64url_print(tmp, raw, sizeof(raw));
	token = sig == NULL ? NULL : talloc_asprintf(mem, "%s.%s", text, sig);
	if (token == NULL)
		err_memory(e);
done:
	talloc_free(tmp);
	return token;
}

/* One public text for every fault: a forger learns nothing. */
static bool
refuse(struct err *e, const char *why)
{
	return err_set(
	    e, ERR_UNAUTHENTICATED, 0, "The access token is not valid.", "token: %s", why);
}

struct parts {
	struct str head, body, sig;
	struct str signed_text; /* head "." body, as they came */
};

static bool
split(struct str token, struct parts *p)
{
	struct str rest = str_cut(token, '.', &p->head);

	rest = str_cut(rest, '.', &p->body);
	p->sig = rest;
	p->signed_text = (struct str) { token.p, p->head.n + 1 + p->body.n };
	return rest.p != NULL && p->head.n > 0 && p->body.n > 0 && rest.n == SIG_TEXT;
}

/* Decodes into the caller's arena; NULL: not canonical base64url, or longer than `max`. */
static struct json *
read_part(TALLOC_CTX *mem, struct str part, size_t max)
{
	struct err   e = { 0 };
	uint8_t     *p = talloc_size(mem, max);
	struct json *v;
	size_t       n;

	if (p == NULL || !base64url_parse(part, p, max, &n))
		return NULL;
	v = json_parse(mem, (struct str) { (const char *)p, n }, &e);
	return v != NULL && v->type == JSON_OBJECT ? v : NULL;
}

static bool
text_is(const struct json *object, const char *name, const char *want)
{
	const struct json *v = json_get(object, name);

	return v != NULL && v->type == JSON_STRING && str_eqz(v->text, want);
}

/* Exactly the three members that we write: a "crit", "jwk" or "jku" is not ours. */
static const struct token_key *
check_header(
    TALLOC_CTX *mem, const struct token_keys *ks, struct str part, bool *unknown_kid, struct err *e)
{
	const struct json      *h = read_part(mem, part, HEADER_MAX), *kid;
	const struct token_key *k;

	if (h == NULL) {
		refuse(e, "malformed header");
		return NULL;
	}
	kid = json_get(h, "kid");
	if (!text_is(h, "alg", "ES256") || !text_is(h, "typ", "at+jwt") || kid == NULL ||
	    kid->type != JSON_STRING || h->n != 3) {
		refuse(e, "header of another kind");
		return NULL;
	}
	k = token_keys_by_kid(ks, kid->text);
	if (k == NULL) {
		/* Only what could be a kid of ours is worth a look at the database. */
		*unknown_kid = kid->text.n == TOKEN_KID_LEN;
		refuse(e, "unknown kid");
	}
	return k;
}

static bool
take_uuid(const struct json *claims, const char *name, struct uuid *out)
{
	const struct json *v = json_get(claims, name);

	return v != NULL && v->type == JSON_STRING && uuid_parse(v->text, out) && !uuid_is_nil(out);
}

static bool
take_i64(const struct json *claims, const char *name, int64_t *out)
{
	const struct json *v = json_get(claims, name);

	return v != NULL && v->type == JSON_NUMBER && str_to_i64(v->text, out) && *out >= 0;
}

static bool
check_times(const struct json *claims, const struct token_claims *c, int64_t now, struct err *e)
{
	const struct json *nbf = json_get(claims, "nbf");
	int64_t            from;

	if (now >= c->exp)
		return refuse(e, "expired");
	if (c->iat > now + TOKEN_SKEW_S)
		return refuse(e, "issued in the future");
	if (nbf == NULL)
		return true;
	if (!take_i64(claims, "nbf", &from) || from > now + TOKEN_SKEW_S)
		return refuse(e, "not valid yet");
	return true;
}

static bool
check_claims(TALLOC_CTX *mem, struct str part, const char *iss, const struct clock *clock,
    struct token_claims *c, struct err *e)
{
	const struct json *v = read_part(mem, part, TOKEN_MAX);

	if (v == NULL)
		return refuse(e, "malformed claims");
	if (!text_is(v, "iss", iss) || !text_is(v, "aud", iss))
		return refuse(e, "of another issuer or for another audience");
	if (!take_uuid(v, "tid", &c->tenant) || !take_uuid(v, "sub", &c->user) ||
	    !take_uuid(v, "sid", &c->session) || !take_uuid(v, "jti", &c->jti))
		return refuse(e, "an identifier is missing or malformed");
	if (!take_i64(v, "iat", &c->iat) || !take_i64(v, "exp", &c->exp) ||
	    !take_i64(v, "auth_time", &c->auth_time) || !take_i64(v, "aal", &c->aal) ||
	    c->aal < 1 || c->aal > 2)
		return refuse(e, "a number is missing or out of range");
	c->iss = c->aud = iss;
	return check_times(v, c, clock_ms(clock) / 1000, e);
}

bool
token_check(TALLOC_CTX *mem, const struct token_expect *x, struct str token,
    struct token_claims *out, bool *unknown_kid, struct err *e)
{
	TALLOC_CTX             *tmp;
	const struct token_key *k;
	struct parts            p;
	uint8_t                 raw[TOKEN_SIG_LEN];
	size_t                  n;
	bool                    ok = false;

	*unknown_kid = false;
	memset(out, 0, sizeof(*out));
	if (token.n > TOKEN_MAX)
		return refuse(e, "too long");
	if (!split(token, &p) || !base64url_parse(p.sig, raw, sizeof(raw), &n) ||
	    n != TOKEN_SIG_LEN)
		return refuse(e, "malformed");
	tmp = talloc_new(mem);
	if (tmp == NULL)
		return err_memory(e);
	k = check_header(tmp, x->keys, p.head, unknown_kid, e);
	if (k != NULL && !token_key_verify(k, p.signed_text, raw))
		refuse(e, "wrong signature");
	else if (k != NULL)
		ok = check_claims(tmp, p.body, x->iss, x->clock, out, e);
	talloc_free(tmp);
	return ok;
}

bool
token_session(TALLOC_CTX *mem, struct str token, struct uuid *session)
{
	TALLOC_CTX        *tmp = talloc_new(mem);
	const struct json *v = NULL;
	struct parts       p;
	bool               ok;

	if (tmp != NULL && token.n <= TOKEN_MAX && split(token, &p))
		v = read_part(tmp, p.body, TOKEN_MAX);
	ok = v != NULL && take_uuid(v, "sid", session);
	talloc_free(tmp);
	return ok;
}
