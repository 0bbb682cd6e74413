/*
 * Properties of token_check on hostile text: it never accepts what the key did
 * not sign, its answer is the same twice, and a refusal says one sentence.
 *
 * The first byte chooses: the text as it is; as header and claims (cut at the
 * first newline) under a good signature; as claims alone, with a good header
 * too, so that what stands behind the signature is reached.
 */
#include <assert.h>
#include <string.h>

#include "core/crypt/token_key.h"

#define ISS "https://drift.example.org"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int64_t
fixed_ms(const struct clock *c)
{
	(void)c;
	return INT64_C(1800000000000);
}

static const struct clock_ops ops = { fixed_ms, fixed_ms };
static const struct clock     now = { &ops, 0 };

/* One key for all inputs: made at the first. */
static struct token_keys *
the_keys(void)
{
	static struct token_keys *keys;
	struct err                e = { 0 };

	if (keys == NULL) {
		keys = token_keys_make(NULL);
		assert(token_keys_add(keys, token_key_make(NULL, &e), &e));
	}
	return keys;
}

static struct str
good_header(TALLOC_CTX *mem, const struct token_key *k)
{
	return str_of(talloc_asprintf(
	    mem, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}", token_key_kid(k)));
}

static struct str
signed_by(TALLOC_CTX *mem, const struct token_key *k, struct str head, struct str body)
{
	uint8_t raw[TOKEN_SIG_LEN];
	char   *input, *token;

	input = talloc_asprintf(mem, "%s.%s", base64url_print(mem, (const uint8_t *)head.p, head.n),
	    base64url_print(mem, (const uint8_t *)body.p, body.n));
	assert(token_key_sign(k, str_of(input), raw));
	token = talloc_asprintf(mem, "%s.%s", input, base64url_print(mem, raw, sizeof(raw)));
	return str_of(token);
}

static struct str
token_of(TALLOC_CTX *mem, uint8_t how, struct str text)
{
	const struct token_key *k = token_keys_at(the_keys(), 0);
	struct str              head, rest;

	switch (how % 3) {
	case 0:
		return text;
	case 1:
		rest = str_cut(text, '\n', &head);
		return signed_by(mem, k, head, rest);
	default:
		return signed_by(mem, k, good_header(mem, k), text);
	}
}

static bool
check(TALLOC_CTX *mem, struct str token, bool *unknown)
{
	struct token_claims c;
	struct err          e = { 0 };
	bool                ok = token_check(
			   mem, &(struct token_expect) { the_keys(), ISS, &now }, token, &c, unknown, &e);

	assert(ok == (e.code == ERR_OK));
	assert(ok || strcmp(e.pub, "The access token is not valid.") == 0);
	assert(!ok || (c.exp > 1800000000 && c.aal >= 1 && c.aal <= 2 && !uuid_is_nil(&c.user)));
	return ok;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	bool        unknown, unknown_too, ok;
	struct str  token;

	if (n > 0) {
		token = token_of(mem, data[0], (struct str) { (const char *)data + 1, n - 1 });
		ok = check(mem, token, &unknown);
		assert(!ok || data[0] % 3 != 0); /* nobody guesses a signature */
		assert(ok == check(mem, token, &unknown_too) && unknown == unknown_too);
	}
	talloc_free(mem);
	return 0;
}
