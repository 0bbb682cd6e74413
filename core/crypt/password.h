/*
 * password.h - argon2id through libargon2 (RFC 9106; OWASP: 19 MiB, t=2, p=1).
 *
 * A hash is a PHC string.  The working memory is handed in (a permit's scratch
 * in the shared segment, so that a login flood cannot take the memory);
 * scratch NULL allocates for the one call (admin tool).
 */
#ifndef BSX_CRYPT_PASSWORD_H
#define BSX_CRYPT_PASSWORD_H

#include "core/base/err.h"
#include "core/base/rand.h"
#include "core/base/str.h"

#define PASSWORD_MEMORY_KIB 19456
#define PASSWORD_TIME       2
#define PASSWORD_SCRATCH    ((size_t)PASSWORD_MEMORY_KIB * 1024)
#define PASSWORD_PHC_MAX    128
#define PASSWORD_BYTES_MAX  1024

MUST_USE bool password_hash(struct str password, struct rand *r, void *scratch,
    char out[static PASSWORD_PHC_MAX], struct err *e);
/*
 * *match says whether it is the password; an unparsable or over-expensive PHC
 * string (m > 64 MiB, t > 10) is ERR_INTERNAL.  *stale: parameters are not
 * today's, hash again.
 */
MUST_USE bool password_verify(struct str password, const char *phc, void *scratch, bool *match,
    bool *stale, struct err *e);
/* A PHC string no password matches, with today's cost: verified for unknown users, for equal time. */
const char *password_decoy(void);

#endif
