/*
 * Properties of what reads a provider's texts: an ID token that our key did not
 * sign is never taken; claims are judged the same twice, and whoever is let
 * through has a subject and the expected issuer; a description or a set of keys
 * that is taken survives the cache unchanged.
 *
 * The first byte chooses: a token as it is; header and claims (cut at the first
 * newline) under a good signature; claims of one of the three kinds; a set of
 * keys; a description; the cache's own text.
 */
#include <assert.h>
#include <string.h>

#include "core/auth/oidc_claims.h"
#include "core/crypt/idtoken.h"
#include "core/crypt/token_key.h"

#define ISS "https://id.example.org"
#define TID "11111111-2222-4333-8444-555555555555"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* One key for all inputs: made at the first. */
static struct token_key *
the_key(void)
{
	static struct token_key *key;
	struct err               e = { 0 };

	if (key == NULL)
		key = token_key_make(NULL, &e);
	assert(key != NULL);
	return key;
}

static char *
signed_text(TALLOC_CTX *mem, struct str head, struct str body)
{
	uint8_t raw[TOKEN_SIG_LEN];
	char   *input =
	    talloc_asprintf(mem, "%s.%s", base64url_print(mem, (const uint8_t *)head.p, head.n),
		base64url_print(mem, (const uint8_t *)body.p, body.n));

	assert(token_key_sign(the_key(), str_of(input), raw));
	return talloc_asprintf(mem, "%s.%s", input, base64url_print(mem, raw, sizeof(raw)));
}

static bool
check_token(TALLOC_CTX *mem, struct str text)
{
	char          *set = talloc_asprintf(mem, "{\"keys\":[%s]}", token_key_jwk(mem, the_key()));
	struct err     e = { 0 }, why = { 0 };
	struct jwks    ks;
	struct idtoken t;
	const struct jwk *k;

	assert(jwks_read(mem, json_parse(mem, str_of(set), &e), &ks, &e));
	if (!idtoken_read(mem, text, &t, &why)) {
		assert(why.code == ERR_CREDENTIALS);
		return false;
	}
	assert(
	    t.claims->type == JSON_OBJECT && (str_eqz(t.alg, "ES256") || str_eqz(t.alg, "RS256")));
	k = jwks_find(&ks, t.kid, t.alg);
	return k != NULL && idtoken_verify(mem, &t, k, &why);
}

static void
check_claims(TALLOC_CTX *mem, int kind, struct str text)
{
	static char        kinds[][8] = { "oidc", "google", "entra" };
	static const char *domains[] = { "example.org" };
	char               issuer[] = ISS, client[] = "client", tid[] = TID;
	struct provider    p = { .kind = kinds[kind],
		   .client_id = client,
		   .issuer = issuer,
		   .entra_tenant_id = tid,
		   .allowed_domains = { domains, 1 } };
	struct oidc_place  place;
	struct oidc_expect x = { &p, &place, "n", 1800000000 };
	struct oidc_person one, two;
	enum oidc_reason   why, again;
	struct err         e = { 0 }, e2 = { 0 };
	const struct json *v = json_parse(mem, text, &e);

	if (v == NULL || v->type != JSON_OBJECT)
		return;
	assert(oidc_place_make(mem, &p, &place, &e));
	if (!oidc_claims_check(mem, v, &x, &one, &why, &e)) {
		assert(why != OIDC_OK && e.code == ERR_CREDENTIALS);
		assert(!oidc_claims_check(mem, v, &x, &two, &again, &e2) && again == why);
		return;
	}
	assert(why == OIDC_OK && one.subject != NULL && *one.subject != '\0');
	assert(
	    strlen(one.subject) <= IDENTITY_SUBJECT_MAX && strcmp(one.issuer, place.issuer) == 0);
	assert(!one.email_trusted ||
	       (one.email_verified && strstr(one.email, "@example.org") != NULL));
	assert(one.name == NULL || strlen(one.name) <= 200);
}

static void
check_keys(TALLOC_CTX *mem, struct str text)
{
	struct err         e = { 0 };
	const struct json *v = json_parse(mem, text, &e);
	struct jwks        ks, again;
	struct buf         b, c;

	if (v == NULL || !jwks_read(mem, v, &ks, &e))
		return;
	buf_make(&b, mem);
	jwks_print(&b, &ks);
	assert(buf_ok(&b) && jwks_read(mem, json_parse(mem, buf_str(&b), &e), &again, &e));
	buf_make(&c, mem);
	jwks_print(&c, &again);
	assert(again.n == ks.n && str_eq(buf_str(&b), buf_str(&c)));
}

static void
check_description(TALLOC_CTX *mem, bool cached, struct str text)
{
	static struct oidc_metadata m, again;
	const struct oidc_place     place = { .issuer = ISS };
	char      *set = talloc_asprintf(mem, "{\"keys\":[%s]}", token_key_jwk(mem, the_key()));
	struct err e = { 0 };
	struct str printed, second;

	if (cached ? !oidc_metadata_load(mem, text, &m, &e)
		   : !oidc_metadata_read(mem, text, &place, &m, &e)) {
		assert(e.code == ERR_UNAVAILABLE);
		return;
	}
	assert(cached || oidc_metadata_read_keys(mem, str_of(set), &m, &e));
	assert(strpbrk(m.authorization_endpoint, "\r\n \"") == NULL);
	assert(oidc_metadata_print(mem, &m, &printed, &e) &&
	       oidc_metadata_load(mem, printed, &again, &e));
	assert(oidc_metadata_print(mem, &again, &second, &e) && str_eq(printed, second));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct str  text, head, rest;

	if (n == 0) {
		talloc_free(mem);
		return 0;
	}
	text = (struct str) { (const char *)data + 1, n - 1 };
	switch (data[0] % 8) {
	case 0:
		assert(!check_token(mem, text)); /* nobody guesses a signature */
		break;
	case 1:
		rest = str_cut(text, '\n', &head);
		(void)check_token(mem, str_of(signed_text(mem, head, rest)));
		break;
	case 2:
	case 3:
	case 4:
		check_claims(mem, data[0] % 8 - 2, text);
		break;
	case 5:
		check_keys(mem, text);
		break;
	default:
		check_description(mem, data[0] % 8 == 7, text);
		break;
	}
	talloc_free(mem);
	return 0;
}
