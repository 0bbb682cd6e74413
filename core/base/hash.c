#include "core/base/hash.h"

#include <assert.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/*
 * Nothing here can fail but for want of memory or a broken OpenSSL; a wrong
 * digest would be worse than ending the process, hence the asserts.
 */

static EVP_MD *
sha256(void)
{
	static EVP_MD *md; /* fetched once: fetching costs more than a short digest */

	if (md == NULL)
		md = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	assert(md != NULL);
	return md;
}

uint64_t
hash_quick(const char *text)
{
	uint64_t h = UINT64_C(0xCBF29CE484222325);

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
	return h;
}

void
hash_sha256(const void *p, size_t n, uint8_t out[static HASH_LEN])
{
	unsigned len = 0;
	int      ok = EVP_Digest(p, n, out, &len, sha256(), NULL);

	assert(ok == 1 && len == HASH_LEN);
}

struct hash_hmac_ctx {
	EVP_MAC_CTX *mac;
};

/*
 * One context is kept for the next HMAC: making one, and finding the digest
 * again, costs twice as much as a short text.
 */
static EVP_MAC_CTX *
spare_swap(EVP_MAC_CTX *mac)
{
	static EVP_MAC_CTX *spare;
	EVP_MAC_CTX        *was = spare;

	spare = mac;
	return was;
}

static int
free_mac(struct hash_hmac_ctx *h)
{
	EVP_MAC_CTX_free(spare_swap(h->mac));
	return 0;
}

static EVP_MAC_CTX *
new_mac(void)
{
	static EVP_MAC *hmac;
	char            digest[] = "SHA2-256";
	OSSL_PARAM      params[] = {
		     OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		     OSSL_PARAM_construct_end(),
	};
	EVP_MAC_CTX *mac;

	if (hmac == NULL)
		hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	assert(hmac != NULL);
	mac = EVP_MAC_CTX_new(hmac);
	if (mac != NULL && EVP_MAC_CTX_set_params(mac, params) == 1)
		return mac;
	EVP_MAC_CTX_free(mac);
	return NULL;
}

static EVP_MAC_CTX *
start_mac(const uint8_t *key, size_t key_n)
{
	EVP_MAC_CTX *mac = spare_swap(NULL);

	if (mac == NULL)
		mac = new_mac();
	if (mac == NULL)
		return NULL;
	/* a NULL key would mean "keep the last one" */
	if (EVP_MAC_init(mac, key != NULL ? key : (const uint8_t *)"", key_n, NULL) != 1) {
		EVP_MAC_CTX_free(mac);
		return NULL;
	}
	return mac;
}

struct hash_hmac_ctx *
hash_hmac_make(TALLOC_CTX *mem, const uint8_t *key, size_t key_n)
{
	struct hash_hmac_ctx *h = talloc(mem, struct hash_hmac_ctx);

	if (h == NULL)
		return NULL;
	h->mac = start_mac(key, key_n);
	if (h->mac == NULL) {
		talloc_free(h);
		return NULL;
	}
	talloc_set_destructor(h, free_mac);
	return h;
}

static void
add_mac(EVP_MAC_CTX *mac, const void *p, size_t n)
{
	int ok = EVP_MAC_update(mac, p, n);

	assert(ok == 1);
}

static void
end_mac(EVP_MAC_CTX *mac, uint8_t out[static HASH_LEN])
{
	size_t len = 0;
	int    ok = EVP_MAC_final(mac, out, &len, HASH_LEN);

	assert(ok == 1 && len == HASH_LEN);
}

void
hash_hmac_add(struct hash_hmac_ctx *h, const void *p, size_t n)
{
	add_mac(h->mac, p, n);
}

void
hash_hmac_end(struct hash_hmac_ctx *h, uint8_t out[static HASH_LEN])
{
	end_mac(h->mac, out);
	talloc_free(h);
}

void
hash_hmac(const uint8_t *key, size_t key_n, const void *p, size_t n, uint8_t out[static HASH_LEN])
{
	EVP_MAC_CTX *mac = start_mac(key, key_n);

	assert(mac != NULL);
	add_mac(mac, p, n);
	end_mac(mac, out);
	EVP_MAC_CTX_free(spare_swap(mac));
}

struct hash_key {
	EVP_MAC_CTX *mac;
};

static int
free_key(struct hash_key *k)
{
	EVP_MAC_CTX_free(k->mac); /* wipes the key */
	return 0;
}

struct hash_key *
hash_key_make(TALLOC_CTX *mem, const uint8_t *key, size_t key_n)
{
	struct hash_key *k = talloc(mem, struct hash_key);

	if (k == NULL)
		return NULL;
	k->mac = start_mac(key, key_n);
	if (k->mac == NULL) {
		talloc_free(k);
		return NULL;
	}
	talloc_set_destructor(k, free_key);
	return k;
}

void
hash_key_parts(
    const struct hash_key *k, const struct str *parts, size_t n, uint8_t out[static HASH_LEN])
{
	int ok = EVP_MAC_init(k->mac, NULL, 0, NULL); /* the key it has, from the start */

	assert(ok == 1);
	for (size_t i = 0; i < n; i++)
		add_mac(k->mac, parts[i].p, parts[i].n);
	end_mac(k->mac, out);
}

void
hash_key_hmac(const struct hash_key *k, const void *p, size_t n, uint8_t out[static HASH_LEN])
{
	const struct str whole = { p, n };

	hash_key_parts(k, &whole, 1, out);
}

/* RFC 5869 by its two steps; OpenSSL's own KDF refuses an empty info in some versions. */
void
hash_hkdf(const uint8_t *key, size_t key_n, struct str info, uint8_t *out, size_t out_n)
{
	static const uint8_t no_salt[HASH_LEN] = { 0 };
	uint8_t              prk[HASH_LEN], t[HASH_LEN];
	uint8_t              round = 1;

	assert(out_n <= 255 * (size_t)HASH_LEN);
	hash_hmac(no_salt, sizeof(no_salt), key, key_n, prk);
	for (size_t done = 0; done < out_n; round++) {
		EVP_MAC_CTX *mac = start_mac(prk, sizeof(prk));
		size_t       n = out_n - done < HASH_LEN ? out_n - done : HASH_LEN;

		assert(mac != NULL);
		if (done > 0)
			add_mac(mac, t, sizeof(t));
		add_mac(mac, info.p, info.n);
		add_mac(mac, &round, 1);
		end_mac(mac, t);
		EVP_MAC_CTX_free(spare_swap(mac));
		memcpy(out + done, t, n);
		done += n;
	}
	OPENSSL_cleanse(prk, sizeof(prk));
	OPENSSL_cleanse(t, sizeof(t));
}
