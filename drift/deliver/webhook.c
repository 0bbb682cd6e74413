#include "drift/deliver/webhook.h"

#include <stdio.h>

#include "core/base/hash.h"
#include "core/base/secret.h"

#define SECRET_MIN    24
#define SECRET_PREFIX "whsec_"

char *
webhook_sign(
    TALLOC_CTX *mem, struct str secret, struct str id, int64_t timestamp_s, struct str body)
{
	struct hash_hmac_ctx *h = hash_hmac_make(mem, (const uint8_t *)secret.p, secret.n);
	uint8_t               mac[HASH_LEN];
	char                  text[32];
	char                 *base64, *out;
	int                   n = snprintf(text, sizeof(text), ".%lld.", (long long)timestamp_s);

	if (h == NULL)
		return NULL;
	hash_hmac_add(h, id.p, id.n);
	hash_hmac_add(h, text, (size_t)n);
	hash_hmac_add(h, body.p, body.n);
	hash_hmac_end(h, mac);
	base64 = base64_print(mem, mac, sizeof(mac));
	if (base64 == NULL)
		return NULL;
	out = talloc_asprintf(mem, "v1,%s", base64);
	talloc_free(base64);
	return out;
}

char *
webhook_secret_print(TALLOC_CTX *mem, struct str key)
{
	char *base64 = base64_print(mem, (const uint8_t *)key.p, key.n), *text;

	if (base64 == NULL)
		return NULL;
	secret_guard(base64);
	text = talloc_asprintf(mem, SECRET_PREFIX "%s", base64);
	if (text != NULL)
		secret_guard(text);
	return text;
}

bool
webhook_secret_parse(struct str text, uint8_t out[static WEBHOOK_SECRET_MAX], size_t *n)
{
	const size_t skip = sizeof(SECRET_PREFIX) - 1;

	return str_starts(text, SECRET_PREFIX) &&
	       base64_parse(
		   (struct str) { text.p + skip, text.n - skip }, out, WEBHOOK_SECRET_MAX, n) &&
	       *n >= SECRET_MIN;
}

bool
webhook_verify(TALLOC_CTX *mem, struct str secret, struct str id, int64_t timestamp_s,
    struct str body, struct str signatures)
{
	char      *want = webhook_sign(mem, secret, id, timestamp_s, body);
	struct str w = str_of(want), one;
	bool       ok = false;

	while (want != NULL && signatures.p != NULL) {
		signatures = str_cut(signatures, ' ', &one);
		if (one.n == w.n && secret_eq(one.p, w.p, w.n))
			ok = true;
	}
	talloc_free(want);
	return ok;
}
