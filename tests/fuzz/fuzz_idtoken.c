/*
 * Properties of what reads a provider's tokens: one that our key did not sign is
 * never taken, whatever its algorithm and whichever key of the set it names;
 * claims are judged the same twice, and whoever is let through has a subject,
 * the expected issuer and an end that is not over.
 *
 * The first byte chooses: a token as it is; header and claims (cut at the first
 * newline) under a good signature; claims of one of the three kinds.
 */
#include <assert.h>
#include <string.h>

#include "core/auth/oidc/oidc_claims.h"
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

/* Beside ours, keys of other kinds that never sign here: those of RFC 7515 appendix A.4 and RFC
 * 8037. */
static void
read_keys(TALLOC_CTX *mem, struct jwks *ks)
{
	struct err e = { 0 };
	char      *set = talloc_asprintf(mem,
		 "{\"keys\":[%s,{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
		      "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},{\"kty\":\"EC\",\"crv\":\"P-521\","
		      "\"x\":"
		      "\"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_"
		      "NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk\","
		      "\"y\":\"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-"
		      "x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3"
		      "kyMj2\"}]}",
		 token_key_jwk(mem, the_key()));

	assert(jwks_read(json_parse(mem, str_of(set), &e), ks, &e) && ks->n == 3);
}

/* True: some key verifies it, and that can only be ours. */
static bool
check_token(TALLOC_CTX *mem, struct str text)
{
	const struct jwk *keys[JWKS_TRIES];
	struct err        why = { 0 };
	struct jwks       ks;
	struct idtoken    t;
	size_t            n;

	read_keys(mem, &ks);
	if (!idtoken_read(mem, text, &t, &why)) {
		assert(why.code == ERR_CREDENTIALS);
		return false;
	}
	assert(t.claims->type == JSON_OBJECT && t.alg.n > 0);
	n = jwks_match(&ks, t.kid, t.jws, ~UINT32_C(0), keys);
	assert(n == 0 || t.jws != NULL);
	for (size_t i = 0; i < n; i++) {
		if (idtoken_verify(mem, &t, keys[i], &why)) {
			assert(keys[i] == &ks.keys[0] && str_eqz(t.alg, "ES256"));
			return true;
		}
		assert(err_take(&why, ERR_CREDENTIALS));
	}
	return false;
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
	assert(one.expires_s > 1800000000 - OIDC_SKEW_S && one.auth_time_s >= 0 &&
	       one.auth_time_s <= 1800000000 + OIDC_SKEW_S);
	assert(one.name == NULL || strlen(one.name) <= 200);
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
	default:
		check_claims(mem, data[0] % 3, text);
		break;
	}
	talloc_free(mem);
	return 0;
}
