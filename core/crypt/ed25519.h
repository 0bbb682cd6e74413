/*
 * ed25519.h - Ed25519 signatures (RFC 8032), by OpenSSL.
 *
 * A private key is its seed of 32 bytes; what is made of it is wiped.
 */
#ifndef BSX_CRYPT_ED25519_H
#define BSX_CRYPT_ED25519_H

#include "core/base/err.h"
#include "core/base/str.h"

#define ED25519_KEY_LEN 32
#define ED25519_SIG_LEN 64

MUST_USE bool ed25519_public(const uint8_t seed[static ED25519_KEY_LEN], uint8_t out[static ED25519_KEY_LEN], struct err *e);
MUST_USE bool ed25519_sign(const uint8_t seed[static ED25519_KEY_LEN], struct str text, uint8_t out[static ED25519_SIG_LEN],
    struct err *e);
/* False: it is not signed by that key, or there is no such key. */
bool ed25519_verify(const uint8_t key[static ED25519_KEY_LEN], struct str text, const uint8_t sig[static ED25519_SIG_LEN]);

#endif
