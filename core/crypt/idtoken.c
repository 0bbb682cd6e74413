#include "core/crypt/idtoken.h"

#include <limits.h>
#include <string.h>

#include <jwt.h>

#define HEADER_MAX 4096
#define SIG_MIN    64  /* bytes: ES256 */
#define SIG_MAX    512 /* RSA of 4,096 bits */

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
	if (json_get(h, "typ") != NULL && !str_caseeqz(text_of(h, "typ"), "JWT"))
		return refuse(e, "typ of another kind");
	out->alg = text_of(h, "alg");
	out->kid = text_of(h, "kid");
	if (!str_eqz(out->alg, "RS256") && !str_eqz(out->alg, "PS256") &&
	    !str_eqz(out->alg, "ES256"))
		return refuse(e, "algorithm that is not taken");
	if (json_get(h, "kid") != NULL && (out->kid.n == 0 || out->kid.n > JWKS_KID_MAX))
		return refuse(e, "malformed kid");
	return true;
}

bool
idtoken_read(TALLOC_CTX *mem, struct str text, struct idtoken *out, struct err *e)
{
	uint8_t    sig[SIG_MAX];
	struct str head, body, rest;
	size_t     n;

	memset(out, 0, sizeof(*out));
	if (text.n > IDTOKEN_MAX)
		return refuse(e, "too long");
	rest = str_cut(text, '.', &head);
	rest = str_cut(rest, '.', &body);
	if (rest.p == NULL || !base64url_parse(rest, sig, sizeof(sig), &n) || n < SIG_MIN)
		return refuse(e, "not three parts, or a malformed signature");
	if (!read_header(mem, head, out, e))
		return false;
	out->claims = read_part(mem, body, IDTOKEN_MAX);
	if (out->claims == NULL)
		return refuse(e, "malformed claims");
	out->text = str_dup(mem, text);
	return out->text != NULL || err_memory(e);
}

/* libjwt has no PSS.  The text was taken apart before: its last dot stands before the signature. */
static bool
verify_pss(const struct idtoken *t, const struct jwk *k, struct err *e)
{
	const char *dot = strrchr(t->text, '.');
	uint8_t     sig[SIG_MAX];
	size_t      n;

	return (dot != NULL && base64url_parse(str_of(dot + 1), sig, sizeof(sig), &n) &&
		   jwk_verify_pss(k, (struct str) { t->text, (size_t)(dot - t->text) }, sig, n)) ||
	       refuse(e, "wrong signature");
}

bool
idtoken_verify(TALLOC_CTX *mem, const struct idtoken *t, const struct jwk *k, struct err *e)
{
	jwt_t *jwt = NULL;
	char  *pem;
	size_t n;
	bool   ok;

	if (!str_eqz(t->alg, k->alg))
		return refuse(e, "algorithm is not the key's");
	if (strcmp(k->alg, "PS256") == 0)
		return verify_pss(t, k, e);
	pem = jwk_pem(mem, k);
	n = pem == NULL ? 0 : strlen(pem);
	if (n == 0 || n > INT_MAX)
		return err_set(
		    e, ERR_INTERNAL, 0, "internal error", "ID token: a key that passed is refused");
	ok = jwt_decode(&jwt, t->text, (const unsigned char *)pem, (int)n) == 0 &&
	     jwt_get_alg(jwt) == jwt_str_alg(k->alg);
	jwt_free(jwt);
	talloc_free(pem);
	return ok || refuse(e, "wrong signature");
}
