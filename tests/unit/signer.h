/*
 * signer.h - identity providers' keys and signatures, made by OpenSSL for tests:
 * every kind of key that there is, and every algorithm of RFC 7518 and 8037.
 */
#ifndef BSX_TESTS_UNIT_SIGNER_H
#define BSX_TESTS_UNIT_SIGNER_H

#include <openssl/evp.h>

#include "core/crypt/idtoken.h"

enum signer_kind { SIGNER_RSA, SIGNER_P256, SIGNER_P384, SIGNER_P521, SIGNER_ED25519, SIGNER_KINDS };

/* One key of a kind, made at the first call and kept by the program; `which` 0..1. */
EVP_PKEY *signer_key(enum signer_kind kind, unsigned which);
/* Its public members as JSON without braces: "kty":... */
char *signer_members(TALLOC_CTX *mem, EVP_PKEY *key, enum signer_kind kind);
/* The kind of key that an algorithm needs. */
enum signer_kind signer_kind_of(const struct jws_alg *a);
/* base64url of the signature as JWS has it. */
char *signer_sign(TALLOC_CTX *mem, EVP_PKEY *key, const struct jws_alg *a, const char *text);
/* A token; `head` and `claims` are JSON. */
char *signer_token(TALLOC_CTX *mem, EVP_PKEY *key, const struct jws_alg *a, const char *head, const char *claims);

const struct json *signer_tree(TALLOC_CTX *mem, const char *text);
/* The public half of one of the keys, with further members: ,"kid":... */
char *signer_jwk(TALLOC_CTX *mem, enum signer_kind kind, unsigned which, const char *more);
/* Reads a set of these keys; false: none of them is of use. */
bool signer_read(TALLOC_CTX *mem, const char *keys, struct jwks *ks);
/* A key of the set verifies the token, chosen as a sign-in does it. */
bool signer_verify(TALLOC_CTX *mem, const struct jwks *ks, const char *text, uint32_t listed);

#endif
