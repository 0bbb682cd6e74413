#include "core/auth/device.h"

#include <string.h>

#include "core/base/hash.h"
#include "core/base/secret.h"

/* Big-endian numbers; the MAC follows, over all of it, or all before the epoch. */
struct wire {
	uint8_t version[4];
	uint8_t user[16];
	uint8_t id[DEVICE_ID_LEN];
	uint8_t made_s[8];
	uint8_t epoch[8];
};
_Static_assert(sizeof(struct wire) == 52, "no padding");
#define WIRE_MAX    (sizeof(struct wire) + HASH_LEN)
#define WIRE_FORMER (offsetof(struct wire, epoch) + HASH_LEN)

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

/* Of the first `n` bytes. */
static bool
compute_mac(const struct auth *a, const uint8_t account[static KEY_LEN], const struct wire *x,
    size_t n, uint8_t mac[static HASH_LEN], struct err *e)
{
	struct str bound = { (const char *)account, KEY_LEN };
	uint8_t    key[KEY_LEN];

	if (!keyring_subkey(a->env->keyring, (uint32_t)get_number(x->version, sizeof(x->version)),
		KEY_DEVICE, bound, key, e))
		return false;
	hash_hmac(key, sizeof(key), x, n, mac);
	secret_wipe(key, sizeof(key));
	return true;
}

/* False: not one of ours. */
static bool
open_wire(
    const struct auth *a, const uint8_t account[static KEY_LEN], struct str text, struct wire *x)
{
	struct err why = { 0 };
	uint8_t    bytes[WIRE_MAX], mac[HASH_LEN];
	size_t     n = 0;

	memset(x, 0, sizeof(*x));
	if (text.n == 0 || !base64url_parse(text, bytes, sizeof(bytes), &n) ||
	    (n != WIRE_MAX && n != WIRE_FORMER))
		return false;
	n -= HASH_LEN;
	memcpy(x, bytes, n);
	return compute_mac(a, account, x, n, mac, &why) && secret_eq(mac, bytes + n, sizeof(mac));
}

void
device_read(const struct auth *a, const uint8_t account[static KEY_LEN], struct str text,
    struct device *out)
{
	struct wire x;
	int64_t     age_s;

	*out = (struct device) { .known = false };
	if (!open_wire(a, account, text, &x))
		return;
	age_s = clock_ms(a->env->clock) / 1000 - (int64_t)get_number(x.made_s, sizeof(x.made_s));
	if (age_s < -60 || age_s > DEVICE_LIFE_S)
		return;
	out->known = true;
	out->epoch = get_number(x.epoch, sizeof(x.epoch));
	memcpy(out->user.b, x.user, sizeof(x.user));
	memcpy(out->id, x.id, sizeof(x.id));
}

bool
device_is_of(const struct device *d, const struct uuid *user, uint64_t epoch)
{
	return d != NULL && d->known && uuid_eq(&d->user, user) && d->epoch == epoch;
}

bool
device_print(const struct auth *a, TALLOC_CTX *mem, const uint8_t account[static KEY_LEN],
    const struct device *d, const char **text, struct err *e)
{
	uint8_t     bytes[WIRE_MAX];
	struct wire x;

	put_number(x.version, sizeof(x.version), keyring_newest(a->env->keyring));
	put_number(x.made_s, sizeof(x.made_s), (uint64_t)(clock_ms(a->env->clock) / 1000));
	put_number(x.epoch, sizeof(x.epoch), d->epoch);
	memcpy(x.user, d->user.b, sizeof(x.user));
	if (d->known)
		memcpy(x.id, d->id, sizeof(x.id));
	else
		rand_fill(a->env->rand, x.id, sizeof(x.id));
	if (!compute_mac(a, account, &x, sizeof(x), bytes + sizeof(x), e))
		return false;
	memcpy(bytes, &x, sizeof(x));
	*text = base64url_print(mem, bytes, sizeof(bytes));
	return *text != NULL || err_memory(e);
}
