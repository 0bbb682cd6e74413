/*
 * at_hash.h - whether an access token is the one that an ID token speaks of (OpenID Connect Core section 3.1.3.6).
 */
#ifndef BSX_CRYPT_AT_HASH_H
#define BSX_CRYPT_AT_HASH_H

#include "core/base/str.h"

/* `alg` is that of the ID token's signature: it names the hash.  Of an algorithm unknown here: false. */
bool at_hash_fits(struct str alg, struct str access_token, struct str at_hash);

#endif
