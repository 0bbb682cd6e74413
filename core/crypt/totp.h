/*
 * totp.h - time-based one-time passwords (RFC 6238) through liboath: SHA-1, 6
 * digits, 30 s, which is what every authenticator app understands.
 *
 * A code that was right may be used once: who checks keeps the step of the
 * last one that counted, and lets only later ones pass.
 */
#ifndef BSX_CRYPT_TOTP_H
#define BSX_CRYPT_TOTP_H

#include "core/base/err.h"
#include "core/base/str.h"

#define TOTP_SECRET_LEN 20 /* bytes: as long as the hash (RFC 4226 section 4, R6) */
#define TOTP_PERIOD_S   30
#define TOTP_DIGITS     6
#define TOTP_SKEW       1 /* steps before and after the present one that count too */

/* The code of one step; digits 6..8. */
#define TOTP_CODE_MAX 9
MUST_USE bool totp_code(struct str secret, uint64_t step, unsigned digits,
    char out[static TOTP_CODE_MAX], struct err *e);
/*
 * *match: the code, as it may be typed (unicode_code), is that of a step within the skew; *step is the latest such one.
 * Every step is compared, in constant time.
 */
MUST_USE bool totp_check(struct str secret, struct str code, int64_t now_ms, bool *match, int64_t *step,
    struct err *e);
/* The secret as people and apps take it: base32 without padding (RFC 4648 section 6); wipes itself. */
MUST_USE char *totp_secret_print(TALLOC_CTX *mem, struct str secret, struct err *e);

#endif
