/*
 * assertion.h - a client that proves itself by a certificate: a signed assertion (RFC 7523 section 3, RFC 7521).
 *
 * A JWT whose header names the certificate by x5t#S256 (RFC 7515 section 4.1.8), as identity platforms take it.
 */
#ifndef BSX_CRYPT_ASSERTION_H
#define BSX_CRYPT_ASSERTION_H

#include "core/base/err.h"
#include "core/base/str.h"

#define ASSERTION_LIVES_S 600

struct assertion {
	const char *alg;                       /* RS256 or PS256 */
	const char *audience, *client_id, *id; /* aud; iss and sub; jti: another each time */
	const char *certificate, *private_key; /* PEM; RSA of 2,048 to 4,096 bits */
	int64_t     now_s;
};

/* The compact form; it wipes itself.  ERR_INVALID: certificate or key, as assertion_fault says. */
MUST_USE char *assertion_make(TALLOC_CTX *mem, const struct assertion *a, struct err *e);

/* What is wrong with a certificate and its key; NULL: nothing.  `key` true: it is the key. */
struct assertion_fault {
	bool        key;
	const char *what;
};
struct assertion_fault assertion_fault(const char *certificate, const char *private_key);

#endif
