/*
 * idtoken.h - the signature of a provider's ID token, by libjwt; by OpenSSL
 * where libjwt lacks the algorithm (PSS, EdDSA) or a claim's form.
 *
 * Before either sees it (libjwt takes `none`, non-canonical base64url and
 * repeated header members): three parts, canonical base64url, header and claims
 * by base/json, no critical extension, and an algorithm of the table that is one
 * of the provider's own key.  What the claims say is the caller's to judge.
 */
#ifndef BSX_CRYPT_IDTOKEN_H
#define BSX_CRYPT_IDTOKEN_H

#include "core/crypt/jwks.h"

#define IDTOKEN_MAX 16384 /* bytes; longer ones are refused unread */

struct idtoken {
	struct str            kid, alg; /* as the header has them: anything, of any length */
	const struct jws_alg *jws;      /* NULL: an algorithm that is not taken, which no key verifies */
	const struct json    *claims; /* an object; not verified before idtoken_verify() says so */
	const char           *text;   /* NUL-terminated */
};

/* Takes the token apart, into `mem`.  ERR_CREDENTIALS: its form is wrong. */
MUST_USE bool idtoken_read(TALLOC_CTX *mem, struct str text, struct idtoken *out, struct err *e);
/* ERR_CREDENTIALS: this key did not sign it. */
MUST_USE bool idtoken_verify(TALLOC_CTX *mem, const struct idtoken *t, const struct jwk *k, struct err *e);

#endif
