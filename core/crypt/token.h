/*
 * token.h - our access tokens: JWT, ES256, typ at+jwt (RFC 9068), by OpenSSL
 * on a cached key.
 *
 * Before any cryptography: three parts, canonical base64url, header read by
 * base/json, alg equal to the key's, typ exact (RFC 8725).  kid is looked up
 * in memory only.
 */
#ifndef BSX_CRYPT_TOKEN_H
#define BSX_CRYPT_TOKEN_H

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/uuid.h"
#include "core/json/field.h"

#define TOKEN_MAX 2048 /* bytes; longer ones are refused unread */
#define TOKEN_SKEW_S 30

struct token_claims {
	const char *iss;     /* public_url */
	const char *aud;     /* public_url + base path's API audience: same text as iss */
	struct uuid tenant;  /* "tid" */
	struct uuid user;    /* "sub" */
	struct uuid session; /* "sid" */
	struct uuid jti;
	int64_t     iat;     /* Unix seconds */
	int64_t     exp;
	int64_t     auth_time;
	int64_t     aal;     /* authenticator assurance level, 1 or 2 */
};

struct token_key;  /* one ES256 key pair, or its public half */
struct token_keys; /* a set by kid; at most 16 */

MUST_USE struct token_key *token_key_make(TALLOC_CTX *mem, struct err *e);
const char *token_key_kid(const struct token_key *k);              /* RFC 7638 thumbprint */
char *token_key_jwk(TALLOC_CTX *mem, const struct token_key *k);   /* public JWK as JSON text */
/* Private half as DER (PKCS#8), to be sealed; wiped when freed. */
MUST_USE bool token_key_export(TALLOC_CTX *mem, const struct token_key *k, struct blob *der, struct err *e);
MUST_USE struct token_key *token_key_import(TALLOC_CTX *mem, struct blob der, struct err *e);

struct token_keys *token_keys_make(TALLOC_CTX *mem);
MUST_USE bool token_keys_add(struct token_keys *ks, struct token_key *k, struct err *e); /* steals k */
const struct token_key *token_keys_by_kid(const struct token_keys *ks, struct str kid);
size_t token_keys_count(const struct token_keys *ks);
const struct token_key *token_keys_at(const struct token_keys *ks, size_t i);

MUST_USE char *token_sign(TALLOC_CTX *mem, const struct token_key *k, const struct token_claims *c, struct err *e);
/*
 * Verifies and reads a token.  Any fault is ERR_UNAUTHENTICATED with one public
 * text; the detail says which.  An unknown kid: *unknown_kid is set true, so
 * that the caller may load keys once and try again.
 */
struct token_expect {
	const struct token_keys *keys;
	const char              *iss;
	const struct clock      *clock;
};
MUST_USE bool token_check(TALLOC_CTX *mem, const struct token_expect *x, struct str token,
    struct token_claims *out, bool *unknown_kid, struct err *e);
/*
 * The session that a token of ours names, whether it has run out or not; nothing of it is verified:
 * to be compared only.  False: it names none.
 */
MUST_USE bool token_session(TALLOC_CTX *mem, struct str token, struct uuid *session);

#endif
