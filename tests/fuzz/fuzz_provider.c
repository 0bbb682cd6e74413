/*
 * Properties of what reads a provider's documents: a set of keys or a
 * description that is taken survives the cache unchanged and within its room,
 * every key that is kept is one that OpenSSL takes, no address can end a line of
 * a header; an instant is what any other reader of numbers makes of it.
 *
 * The first byte chooses: a set of keys (the second, how much room there is); a
 * description; the cache's own text; a number.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/auth/oidc/oidc_metadata.h"
#include "core/crypt/numeric_date.h"
#include "core/shm/issuer.h"

#define ISS "https://id.example.org"
#define KEY                                                                                        \
	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"                              \
	"7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_keys(TALLOC_CTX *mem, size_t room, struct str text)
{
	struct err         e = { 0 };
	const struct json *v = json_parse(mem, text, &e);
	struct jwks        ks, again;
	struct buf         b, c;

	if (v == NULL || !jwks_read(v, &ks, &e))
		return;
	assert(ks.n <= JWKS_MAX && ks.left_n <= JWKS_LEFT_MAX);
	for (size_t i = 0; i < ks.n; i++)
		assert(jwk_check(&ks.keys[i]) == JWK_GOOD && ks.keys[i].kid.n <= JWK_KID_MAX);
	buf_make(&b, mem);
	jwks_print(&b, &ks, room);
	assert(buf_ok(&b) && b.n <= room);
	assert(jwks_load(json_parse(mem, buf_str(&b), &e), &again, &e));
	buf_make(&c, mem);
	jwks_print(&c, &again, room);
	assert(again.n == ks.n && str_eq(buf_str(&b), buf_str(&c)));
}

static void
check_description(TALLOC_CTX *mem, bool cached, struct str text)
{
	static struct oidc_metadata m, again;
	const struct oidc_place     place = { .issuer = ISS };
	struct err                  e = { 0 };
	struct str                  printed, second;

	if (cached ? !oidc_metadata_load(mem, text, &m, &e)
		   : !oidc_metadata_read(mem, text, &place, &m, &e)) {
		assert(e.code == ERR_UNAVAILABLE);
		return;
	}
	assert(cached || oidc_metadata_read_keys(mem, STR("{\"keys\":[" KEY "]}"), &m, &e));
	assert(strpbrk(m.authorization_endpoint, "\r\n \"") == NULL);
	assert(oidc_metadata_print(mem, &m, &printed, &e));
	assert(printed.n <= ISSUER_TEXT_MAX && oidc_metadata_load(mem, printed, &again, &e));
	assert(again.algs == m.algs && again.secret_post == m.secret_post);
	assert(oidc_metadata_print(mem, &again, &second, &e) && str_eq(printed, second));
}

static void
check_number(TALLOC_CTX *mem, struct str text)
{
	struct err         e = { 0 };
	const struct json *v = json_parse(mem, text, &e);
	int64_t            got;
	long double        want;

	if (v == NULL || v->type != JSON_NUMBER)
		return;
	want = strtold(str_dup(mem, v->text), NULL);
	if (numeric_date(v, &got))
		assert(
		    got >= 0 && got < NUMERIC_DATE_END && fabsl(want - (long double)got) <= 1.0L);
	else
		assert(v->text.p[0] == '-' || want >= (long double)NUMERIC_DATE_END - 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct str  text;

	if (n >= 2) {
		text = (struct str) { (const char *)data + 2, n - 2 };
		if (data[0] % 4 == 0)
			check_keys(mem, 100 + data[1] * UINT32_C(96), text);
		else if (data[0] % 4 == 3)
			check_number(mem, text);
		else
			check_description(mem, data[0] % 4 == 2, text);
	}
	talloc_free(mem);
	return 0;
}
