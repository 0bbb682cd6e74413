/*
 * recovery.h - recovery codes: 25 characters of Crockford's base32, 125 random
 * bits, in groups of five.
 *
 * With that much chance in them a keyed hash is enough (NIST SP 800-63B-4
 * section 3.1.2.2 asks for a slow one below 112 bits).
 */
#ifndef BSX_AUTH_MFA_RECOVERY_H
#define BSX_AUTH_MFA_RECOVERY_H

#include "core/auth/deed.h"
#include "core/base/hash.h"
#include "core/store/identity/factor.h"

#define RECOVERY_CODES    10
#define RECOVERY_TEXT_LEN 29 /* with its dashes */

/* A new set for the user: texts to show once, rows to store. Children of by->mem; the texts wipe themselves. */
MUST_USE bool recovery_make(const struct deed_by *by, const struct uuid *user, struct strings *texts,
    struct recovery_row rows[static RECOVERY_CODES], struct err *e);
/*
 * Whether it is one of the user's that was not used yet, and its hash, which is the same each time.  The work does
 * not depend on whether there is such a user.
 */
MUST_USE bool recovery_find(const struct deed_by *by, const struct uuid *user, struct str typed,
    uint8_t hash[static HASH_LEN], bool *there, struct err *e);
/*
 * Uses up a code as typed (unicode_code; o for 0, i and l for 1), whatever version of the
 * keyring hashed it.  Inside a transaction.
 */
MUST_USE bool recovery_use(const struct deed_by *by, const struct uuid *user, struct str typed, bool *used,
    struct err *e);

#endif
