#include "core/crypt/totp.h"

#include <stdlib.h>
#include <string.h>

#include <liboath/oath.h>

#include "core/base/secret.h"
#include "core/base/unicode.h"

static bool
failed(struct err *e, const char *what, int rc)
{
	return err_set(
	    e, ERR_INTERNAL, 0, "internal error", "liboath: %s: %s", what, oath_strerror_name(rc));
}

bool
totp_code(struct str secret, uint64_t step, unsigned digits, char out[static TOTP_CODE_MAX],
    struct err *e)
{
	int rc = oath_init(); /* harmless when it was called before */

	if (rc == OATH_OK)
		rc = oath_hotp_generate(
		    secret.p, secret.n, step, digits, false, OATH_HOTP_DYNAMIC_TRUNCATION, out);
	return rc == OATH_OK || failed(e, "generating a code", rc);
}

/* The digits of it; false: something else, or more or fewer. */
static bool
take_digits(struct str code, char out[static TOTP_DIGITS])
{
	TALLOC_CTX *tmp = talloc_new(NULL);
	struct err  why = { 0 };
	struct str  typed;
	bool ok = tmp != NULL && unicode_code(tmp, code, &typed, &why) && typed.n == TOTP_DIGITS;

	for (size_t i = 0; ok && i < TOTP_DIGITS; i++)
		ok = typed.p[i] >= '0' && typed.p[i] <= '9';
	if (ok)
		memcpy(out, typed.p, TOTP_DIGITS);
	talloc_free(tmp);
	return ok;
}

bool
totp_check(
    struct str secret, struct str code, int64_t now_ms, bool *match, int64_t *step, struct err *e)
{
	int64_t now = now_ms / 1000 / TOTP_PERIOD_S;
	char    want[TOTP_CODE_MAX], have[TOTP_DIGITS];
	bool    ok = true;

	*match = false;
	*step = 0;
	if (!take_digits(code, have))
		return true;
	for (int64_t s = now - TOTP_SKEW; ok && s <= now + TOTP_SKEW; s++) {
		ok = totp_code(secret, (uint64_t)s, TOTP_DIGITS, want, e);
		if (!ok || !secret_eq(want, have, TOTP_DIGITS))
			continue;
		*match = true;
		*step = s;
	}
	secret_wipe(want, sizeof(want));
	return ok;
}

char *
totp_secret_print(TALLOC_CTX *mem, struct str secret, struct err *e)
{
	char  *text = NULL, *out;
	size_t n = 0;
	int    rc = oath_base32_encode(secret.p, secret.n, &text, &n);

	if (rc != OATH_OK) {
		failed(e, "base32", rc);
		return NULL;
	}
	while (n > 0 && text[n - 1] == '=')
		n--;
	out = secret_alloc(mem, n + 1);
	if (out != NULL) {
		memcpy(out, text, n);
		out[n] = '\0';
	} else {
		err_memory(e);
	}
	secret_wipe(text, n);
	free(text);
	return out;
}
