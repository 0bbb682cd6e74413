/*
 * unicode.h - normal forms of text (UAX #15), by utf8proc.
 *
 * Every answer is a child of `mem`, NUL-terminated behind its n bytes, and
 * wiped when freed (it may be a password).  Text that is no UTF-8 is
 * ERR_INVALID, with more than UNICODE_POINTS_MAX characters when they are taken apart ERR_TOO_LARGE.
 */
#ifndef BSX_BASE_UNICODE_H
#define BSX_BASE_UNICODE_H

#include "core/base/err.h"
#include "core/base/str.h"

#define UNICODE_POINTS_MAX 16777216
#define UNICODE_MARKS_MAX  30

MUST_USE bool unicode_nfc(TALLOC_CTX *mem, struct str in, struct str *out, struct err *e);
MUST_USE bool unicode_nfd(TALLOC_CTX *mem, struct str in, struct str *out, struct err *e);
MUST_USE bool unicode_nfkc(TALLOC_CTX *mem, struct str in, struct str *out, struct err *e);
/*
 * No more than 30 marks follow one another that combine with what is before them: the Stream-Safe
 * Text Format of UAX #15 without those inside one character.  Putting longer runs in order takes time
 * with the square of them: who takes text of any length asks first.
 */
bool unicode_is_stream_safe(struct str s);
/* NFKC_Casefold: also drops what is ignorable (soft hyphens, zero-width joiners): equal to the eye is equal. */
MUST_USE bool unicode_nfkc_casefold(TALLOC_CTX *mem, struct str in, struct str *out, struct err *e);
/* A name that is compared, as somebody typed it: that, without the white space before and after it. */
MUST_USE bool unicode_identifier(TALLOC_CTX *mem, struct str typed, struct str *out, struct err *e);
/*
 * A code that is compared, as somebody typed it or copied it from somewhere: folded like an identifier, decimal
 * digits of every script as 0 to 9, without white space and dashes of any kind.
 */
MUST_USE bool unicode_code(TALLOC_CTX *mem, struct str typed, struct str *out, struct err *e);
/* A letter, mark or digit of any script: LetterDigits of RFC 5892 section 2.1. */
bool unicode_is_letter(uint32_t cp);
/*
 * There is nothing in it that can be seen: white space, controls, and what leaves no trace of its own (zero-width
 * and bidirectional controls, joiners, variation selectors, fillers, the empty Braille pattern, the null note head),
 * and noncharacters.
 */
bool unicode_is_unseen(struct str s);
/* Something in it cannot be seen and is no blank: it may have what follows read otherwise, or end the line. */
bool unicode_has_unseen(struct str s);

/*
 * A name for people, as it is kept: NFC, without blanks before and after it, of 1 to `max` bytes.  ERR_INVALID also
 * when it has controls, or nothing that can be seen; the public text is the rest of a sentence, "must ...".
 */
MUST_USE bool unicode_name(TALLOC_CTX *mem, struct str typed, size_t max, struct str *out, struct err *e);

/*
 * Valid UTF-8 of at most `max` bytes, cut between code points: bytes that are
 * no UTF-8, and NUL, become U+FFFD.  For text that is kept as it came (a user
 * agent); sinks still encode it.  NULL: out of memory.
 */
char *unicode_clean(TALLOC_CTX *mem, struct str in, size_t max);
/* The same into an array of `size` bytes, NUL-terminated; false: it was cut. */
bool unicode_clean_into(struct str in, char *out, size_t size);

#endif
