/*
 * str.h - borrowed text: a pointer and a length, and the small parsers on it.
 *
 * Nothing here allocates unless it takes a `mem`.  Parsers are strict: the
 * whole text must match, or the answer is false.
 */
#ifndef BSX_BASE_STR_H
#define BSX_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <talloc.h>

struct str {
	const char *p; /* not NUL-terminated; may be NULL when n is 0 */
	size_t      n; /* bytes */
};

/* A list of strings. */
struct strings {
	const char **items;
	size_t       n;
};

#define STR(lit) ((struct str){ (lit), sizeof(lit) - 1 })

/* Nothing is asked more often; names are often one and the same text. */
static inline bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || a.p == b.p || memcmp(a.p, b.p, a.n) == 0);
}
struct str str_of(const char *z); /* of a C string; NULL gives an empty one */
bool       str_eqz(struct str a, const char *z);
bool       str_caseeqz(struct str a, const char *z); /* ASCII case folding */
int        str_cmp(struct str a, struct str b);      /* by bytes, shorter first */
bool       str_starts(struct str s, const char *prefix);
struct str str_trim(struct str s);                   /* SP and HTAB on both ends */
struct str str_without_bom(struct str s);            /* UTF-8 text without the mark it may begin with */
void       str_drop_bom(char *z);                    /* the same in place, of a C string */
/* Cuts `s` at the first `sep`: *head gets what is before it, the rest (without sep) is returned.
 * When there is no `sep`, *head is all of s and the rest has p == NULL. */
struct str str_cut(struct str s, char sep, struct str *head);
char      *str_dup(TALLOC_CTX *mem, struct str s);   /* NULL: out of memory */

bool strings_have(struct strings list, const char *z);
bool strings_same(struct strings a, struct strings b); /* in that order */

bool str_to_i64(struct str s, int64_t *out);         /* -?[0-9]+, range checked */
bool str_to_u64(struct str s, uint64_t *out);

/* Strict UTF-8 (no overlong forms, no surrogates, <= U+10FFFF). */
bool str_is_utf8(struct str s);
/* Bytes of the first code point of `s` (1..4, *cp is set); 0: none or not valid there. */
size_t utf8_next(struct str s, uint32_t *cp);

/* The first bytes of UTF-8 text, at most `max` of them, that end with a whole code point. */
struct str str_head(struct str s, size_t max);

/* Lower-case hex; `out` holds 2n + 1 bytes. */
void hex_print(const uint8_t *in, size_t n, char *out);
bool hex_parse(struct str s, uint8_t *out, size_t n); /* exactly 2n hex digits, either case */

/* base64url without padding (RFC 4648 section 5), canonical only (unused bits zero). */
#define BASE64URL_LEN(n) (((n) * 4 + 2) / 3)
char *base64url_print(TALLOC_CTX *mem, const uint8_t *in, size_t n); /* NULL: out of memory */
bool  base64url_parse(struct str s, uint8_t *out, size_t max, size_t *n);
/* Standard base64 with padding (section 4), for webhook secrets and signatures. */
char *base64_print(TALLOC_CTX *mem, const uint8_t *in, size_t n);
bool  base64_parse(struct str s, uint8_t *out, size_t max, size_t *n);

/* Instants: Unix milliseconds UTC <-> RFC 3339 "2026-11-21T20:47:00.123Z". */
#define TIME_TEXT_MAX 25
void time_print(int64_t ms, char out[static TIME_TEXT_MAX]);
bool time_parse(struct str s, int64_t *ms); /* any offset; fraction of 0..9 digits, cut to ms; no leap second */

#endif
