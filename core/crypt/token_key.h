/*
 * token_key.h - the keys of token.h from within: signing and checking of bytes.
 * For token.c and token_key.c only.
 */
#ifndef BSX_CRYPT_TOKEN_KEY_H
#define BSX_CRYPT_TOKEN_KEY_H

#include "core/base/hash.h"
#include "core/crypt/token.h"

#define TOKEN_SIG_LEN 64 /* r || s (RFC 7518 section 3.4) */
#define TOKEN_KID_LEN BASE64URL_LEN(HASH_LEN)

/* False: no private half, or OpenSSL failed. */
MUST_USE bool token_key_sign(
    const struct token_key *k, struct str text, uint8_t raw[static TOKEN_SIG_LEN]);
MUST_USE bool token_key_verify(
    const struct token_key *k, struct str text, const uint8_t raw[static TOKEN_SIG_LEN]);

#endif
