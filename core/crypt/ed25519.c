#include "core/crypt/ed25519.h"

#include <openssl/evp.h>

static bool
failed(struct err *e)
{
	return err_set(e, ERR_INTERNAL, 0, "Signing failed.", "OpenSSL refuses an Ed25519 key");
}

bool
ed25519_public(
    const uint8_t seed[static ED25519_KEY_LEN], uint8_t out[static ED25519_KEY_LEN], struct err *e)
{
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_KEY_LEN);
	size_t    n = ED25519_KEY_LEN;
	bool      ok = k != NULL && EVP_PKEY_get_raw_public_key(k, out, &n) == 1;

	EVP_PKEY_free(k);
	return ok || failed(e);
}

bool
ed25519_sign(const uint8_t seed[static ED25519_KEY_LEN], struct str text,
    uint8_t out[static ED25519_SIG_LEN], struct err *e)
{
	EVP_PKEY   *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_KEY_LEN);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	size_t      n = ED25519_SIG_LEN;
	bool ok = k != NULL && c != NULL && EVP_DigestSignInit(c, NULL, NULL, NULL, k) == 1 &&
		  EVP_DigestSign(c, out, &n, (const uint8_t *)text.p, text.n) == 1;

	EVP_MD_CTX_free(c);
	EVP_PKEY_free(k);
	return ok || failed(e);
}

bool
ed25519_verify(const uint8_t key[static ED25519_KEY_LEN], struct str text,
    const uint8_t sig[static ED25519_SIG_LEN])
{
	EVP_PKEY   *k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, ED25519_KEY_LEN);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok = k != NULL && c != NULL && EVP_DigestVerifyInit(c, NULL, NULL, NULL, k) == 1 &&
		  EVP_DigestVerify(c, sig, ED25519_SIG_LEN, (const uint8_t *)text.p, text.n) == 1;

	EVP_MD_CTX_free(c);
	EVP_PKEY_free(k);
	return ok;
}
