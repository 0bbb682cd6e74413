#include "core/crypt/idtoken.h"

#include <limits.h>
#include <string.h>

#include <jwt.h>

#define HEADER_MAX 4096

static bool
refuse(struct err *e, const char *why)
{
	return err_set(e, ERR_CREDENTIALS, 0, "Sign-in failed.", "ID token: %s", why);
}

static const struct json *
read_part(TALLOC_CTX *mem, struct str part, size_t max)
{
	struct err   e = { 0 };
	uint8_t     *p = part.n > BASE64URL_LEN(max) ? NULL : talloc_size(mem, part.n + 1);
	struct json *v;
	size_t       n;

	if (p == NULL || !base64url_parse(part, p, part.n + 1, &n))
		return NULL;
	v = json_parse(mem, (struct str) { (const char *)p, n }, &e);
	return v != NULL && v->type == JSON_OBJECT ? v : NULL;
}

static struct str
text_of(const struct json *v, const char *name)
{
	const struct json *m = json_get(v, name);

	return m != NULL && m->type == JSON_STRING ? m->text : (struct str) { NULL, 0 };
}

/* Null, and of a kid "" too, is as if it were not there. */
static bool
is_text_or_none(const struct json *v)
{
	return v == NULL || v->type == JSON_NULL || v->type == JSON_STRING;
}

/* RFC 7519 section 5.1, RFC 7515 section 4.1.9: what is no ID token says so here. */
static bool
is_jwt(struct str typ)
{
	return typ.n == 0 || str_caseeqz(typ, "JWT") || str_caseeqz(typ, "application/jwt");
}

/* What stands in it beside alg and kid (a "jwk", a "jku") is never looked at; what would have to be
 * understood is refused. */
static bool
read_header(TALLOC_CTX *mem, struct str part, struct idtoken *out, struct err *e)
{
	static const char *const unknown[] = { "crit", "b64", "enc", "zip" };
	const struct json       *h = read_part(mem, part, HEADER_MAX);

	if (h == NULL)
		return refuse(e, "malformed header");
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		if (json_get(h, unknown[i]) != NULL)
			return refuse(e, "header with an extension");
	if (!is_text_or_none(json_get(h, "typ")) || !is_jwt(text_of(h, "typ")))
		return refuse(e, "typ of another kind");
	out->alg = text_of(h, "alg");
	out->kid = text_of(h, "kid");
	out->jws = jws_by_name(out->alg);
	if (out->alg.n == 0)
		return refuse(e, "no algorithm");
	if (!is_text_or_none(json_get(h, "kid")))
		return refuse(e, "malformed kid");
	return true;
}

bool
idtoken_read(TALLOC_CTX *mem, struct str text, struct idtoken *out, struct err *e)
{
	uint8_t    sig[JWS_SIG_MAX];
	struct str head, body, rest;
	size_t     n;

	memset(out, 0, sizeof(*out));
	if (text.n > IDTOKEN_MAX)
		return refuse(e, "too long");
	rest = str_cut(text, '.', &head);
	rest = str_cut(rest, '.', &body);
	if (rest.p == NULL || !base64url_parse(rest, sig, sizeof(sig), &n))
		return refuse(e, "not three parts, or a malformed signature");
	if (!read_header(mem, head, out, e))
		return false;
	if (out->jws != NULL && n < JWS_SIG_MIN)
		return refuse(e, "a signature that is too short");
	out->claims = read_part(mem, body, IDTOKEN_MAX);
	if (out->claims == NULL)
		return refuse(e, "malformed claims");
	out->text = str_dup(mem, text);
	return out->text != NULL || err_memory(e);
}

/* ---- verifying ---- */

/* The text was taken apart before: its last dot stands before the signature. */
static bool
verify_by_openssl(const struct idtoken *t, const struct jwk *k)
{
	const char *dot = strrchr(t->text, '.');
	uint8_t     sig[JWS_SIG_MAX];
	size_t      n;

	return dot != NULL && base64url_parse(str_of(dot + 1), sig, sizeof(sig), &n) &&
	       jwk_verify(k, t->jws, (struct str) { t->text, (size_t)(dot - t->text) }, sig, n);
}

static bool
verify_by_libjwt(TALLOC_CTX *mem, const struct idtoken *t, const struct jwk *k)
{
	jwt_t *jwt = NULL;
	char  *pem = jwk_pem(mem, k);
	size_t n = pem == NULL ? 0 : strlen(pem);
	bool   ok;

	if (n == 0 || n > INT_MAX)
		return false;
	ok = jwt_decode(&jwt, t->text, (const unsigned char *)pem, (int)n) == 0 &&
	     jwt_get_alg(jwt) == jwt_str_alg(t->jws->name);
	jwt_free(jwt);
	talloc_free(pem);
	return ok;
}

/* What libjwt does not take may be signed all the same: it reads no number of more than 64 bits. */
bool
idtoken_verify(TALLOC_CTX *mem, const struct idtoken *t, const struct jwk *k, struct err *e)
{
	if (t->jws == NULL || !jwk_fits(k, t->jws, jws_bit(t->jws)))
		return refuse(e, "algorithm is not the key's");
	return (t->jws->libjwt && verify_by_libjwt(mem, t, k)) || verify_by_openssl(t, k) ||
	       refuse(e, "wrong signature");
}
