/*
 * unicode.h - normal forms of text (UAX #15), by utf8proc.
 *
 * Every answer is a child of `mem`, NUL-terminated behind its n bytes, and
 * wiped when freed (it may be a password).  Text that is no UTF-8 is
 * ERR_INVALID.
 */
#ifndef BSX_BASE_UNICODE_H
#define BSX_BASE_UNICODE_H

#include "core/base/err.h"
#include "core/base/str.h"

MUST_USE bool unicode_nfc(TALLOC_CTX *mem, struct str in, struct str *out, struct err *e);
MUST_USE bool unicode_nfkc(TALLOC_CTX *mem, struct str in, struct str *out, struct err *e);
/* NFKC_Casefold: also drops what is ignorable (soft hyphens, zero-width joiners): equal to the eye is equal. */
MUST_USE bool unicode_nfkc_casefold(TALLOC_CTX *mem, struct str in, struct str *out, struct err *e);

/*
 * Valid UTF-8 of at most `max` bytes, cut between code points: bytes that are
 * no UTF-8, and NUL, become U+FFFD.  For text that is kept as it came (a user
 * agent); sinks still encode it.  NULL: out of memory.
 */
char *unicode_clean(TALLOC_CTX *mem, struct str in, size_t max);
/* The same into an array of `size` bytes, NUL-terminated; false: it was cut. */
bool unicode_clean_into(struct str in, char *out, size_t size);

#endif
