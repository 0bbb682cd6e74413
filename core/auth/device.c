#include "core/auth/device.h"

#include <string.h>

#include "core/base/hash.h"
#include "core/base/secret.h"

/* Big-endian numbers; mac is over everything before it. */
struct wire {
	uint8_t version[4];
	uint8_t user[16];
	uint8_t id[DEVICE_ID_LEN];
	uint8_t made_s[8];
	uint8_t mac[HASH_LEN];
};
_Static_assert(sizeof(struct wire) == 76, "no padding");

static void
put_number(uint8_t *out, size_t n, uint64_t v)
{
	for (size_t i = n; i > 0; i--, v >>= 8)
		out[i - 1] = (uint8_t)v;
}

static uint64_t
get_number(const uint8_t *in, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | in[i];
	return v;
}

static bool
compute_mac(const struct auth *a, const uint8_t account[static KEY_LEN], const struct wire *x,
    uint8_t mac[static HASH_LEN], struct err *e)
{
	struct str bound = { (const char *)account, KEY_LEN };
	uint8_t    key[KEY_LEN];

	if (!keyring_subkey(a->keyring, (uint32_t)get_number(x->version, sizeof(x->version)),
		KEY_DEVICE, bound, key, e))
		return false;
	hash_hmac(key, sizeof(key), x, offsetof(struct wire, mac), mac);
	secret_wipe(key, sizeof(key));
	return true;
}

void
device_read(const struct auth *a, const uint8_t account[static KEY_LEN], struct str text,
    struct device *out)
{
	struct wire x;
	uint8_t     mac[HASH_LEN];
	size_t      n = 0;
	int64_t     age_s;
	struct err  why = { 0 };

	*out = (struct device) { .known = false };
	if (text.n == 0 || !base64url_parse(text, (uint8_t *)&x, sizeof(x), &n) || n != sizeof(x) ||
	    !compute_mac(a, account, &x, mac, &why) || !secret_eq(mac, x.mac, sizeof(mac)))
		return;
	age_s = clock_ms(a->clock) / 1000 - (int64_t)get_number(x.made_s, sizeof(x.made_s));
	if (age_s < -60 || age_s > DEVICE_LIFE_S)
		return;
	out->known = true;
	memcpy(out->user.b, x.user, sizeof(x.user));
	memcpy(out->id, x.id, sizeof(x.id));
}

bool
device_print(const struct auth *a, TALLOC_CTX *mem, const uint8_t account[static KEY_LEN],
    const struct uuid *user, const struct device *was, const char **text, struct err *e)
{
	struct wire x;

	put_number(x.version, sizeof(x.version), keyring_newest(a->keyring));
	put_number(x.made_s, sizeof(x.made_s), (uint64_t)(clock_ms(a->clock) / 1000));
	memcpy(x.user, user->b, sizeof(x.user));
	if (was != NULL && was->known && uuid_eq(&was->user, user))
		memcpy(x.id, was->id, sizeof(x.id));
	else
		rand_fill(a->rand, x.id, sizeof(x.id));
	if (!compute_mac(a, account, &x, x.mac, e))
		return false;
	*text = base64url_print(mem, (const uint8_t *)&x, sizeof(x));
	return *text != NULL || err_memory(e);
}
