#include "core/base/unicode.h"

#include <string.h>
#include <utf8proc.h>

#include "core/base/secret.h"

static bool
map(TALLOC_CTX *mem, struct str in, utf8proc_option_t how, struct str *out, struct err *e)
{
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)in.p;
	utf8proc_ssize_t        n;
	utf8proc_int32_t       *points;

	if (in.n > INT32_MAX / 64)
		return err_set(e, ERR_TOO_LARGE, 0, "text is too long", "%zu bytes of text", in.n);
	n = utf8proc_decompose(p, (utf8proc_ssize_t)in.n, NULL, 0, how);
	if (n < 0)
		return err_set(
		    e, ERR_INVALID, 0, "text is not valid UTF-8", "%s", utf8proc_errmsg(n));
	if (n > UNICODE_POINTS_MAX) /* one character may become eighteen */
		return err_set(e, ERR_TOO_LARGE, 0,
		    "A text is too long: with its characters taken apart it has more than "
		    "16777216.",
		    "%zd code points", n);
	/* the code points are encoded in place, with one more for the NUL */
	points = secret_alloc(mem, ((size_t)n + 1) * sizeof(*points));
	if (points == NULL)
		return err_memory(e);
	n = utf8proc_decompose(p, (utf8proc_ssize_t)in.n, points, n, how);
	if (n >= 0)
		n = utf8proc_reencode(points, n, how);
	if (n < 0)
		return err_set(e, ERR_INTERNAL, 0, "internal error", "%s", utf8proc_errmsg(n));
	*out = (struct str) { (const char *)points, (size_t)n };
	return true;
}

bool
unicode_is_stream_safe(struct str s)
{
	unsigned marks = 0;

	while (s.n > 0) {
		uint32_t cp = (uint8_t)s.p[0];
		size_t   n = cp < 0x80 ? 1 : utf8_next(s, &cp);

		n = n > 0 ? n : 1;
		marks =
		    cp >= 0x300 && utf8proc_get_property((utf8proc_int32_t)cp)->combining_class != 0
			? marks + 1
			: 0;
		if (marks > UNICODE_MARKS_MAX)
			return false;
		s.p += n;
		s.n -= n;
	}
	return true;
}

bool
unicode_nfc(TALLOC_CTX *mem, struct str in, struct str *out, struct err *e)
{
	return map(mem, in, UTF8PROC_STABLE | UTF8PROC_COMPOSE, out, e);
}

#define CATEGORY(c) (UINT32_C(1) << UTF8PROC_CATEGORY_##c)

bool
unicode_is_letter(uint32_t cp)
{
	const uint32_t letters = CATEGORY(LU) | CATEGORY(LL) | CATEGORY(LT) | CATEGORY(LM) |
				 CATEGORY(LO) | CATEGORY(MN) | CATEGORY(MC) | CATEGORY(ND);

	return (letters >> utf8proc_category((utf8proc_int32_t)cp)) & 1;
}

bool
unicode_nfd(TALLOC_CTX *mem, struct str in, struct str *out, struct err *e)
{
	return map(mem, in, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE, out, e);
}

bool
unicode_nfkc(TALLOC_CTX *mem, struct str in, struct str *out, struct err *e)
{
	return map(mem, in, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT, out, e);
}

bool
unicode_nfkc_casefold(TALLOC_CTX *mem, struct str in, struct str *out, struct err *e)
{
	return map(mem, in,
	    UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
		UTF8PROC_IGNORE,
	    out, e);
}

/* White_Space of the Unicode Character Database. */
static bool
is_white(uint32_t cp)
{
	return (cp >= 0x09 && cp <= 0x0D) || cp == 0x20 || cp == 0x85 || cp == 0xA0 ||
	       cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 ||
	       cp == 0x202F || cp == 0x205F || cp == 0x3000;
}

/* Without the white space before and after it; valid UTF-8. */
static struct str
trimmed(struct str s)
{
	struct str left = { NULL, 0 };

	for (size_t i = 0, n; i < s.n; i += n) {
		uint32_t cp;

		n = utf8_next((struct str) { s.p + i, s.n - i }, &cp);
		if (n == 0)
			break;
		if (is_white(cp))
			continue;
		if (left.p == NULL)
			left.p = s.p + i;
		left.n = (size_t)(s.p + i + n - left.p);
	}
	return left;
}

bool
unicode_identifier(TALLOC_CTX *mem, struct str typed, struct str *out, struct err *e)
{
	struct str folded, kept;
	char      *p;

	if (!unicode_nfkc_casefold(mem, typed, &folded, e))
		return false;
	kept = trimmed(folded);
	p = (char *)(uintptr_t)folded.p; /* made just now, for us */
	if (kept.n > 0)
		memmove(p, kept.p, kept.n);
	p[kept.n] = '\0';
	*out = (struct str) { p, kept.n };
	return true;
}

/* Controls, and noncharacters (Unicode section 23.7). */
static bool
is_no_character(uint32_t cp)
{
	utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);

	return c == UTF8PROC_CATEGORY_CC || (cp & 0xFFFE) == 0xFFFE ||
	       (cp >= 0xFDD0 && cp <= 0xFDEF);
}

/*
 * Default_Ignorable_Code_Point, and what is empty though it is none of these: the empty Braille
 * pattern, the Khitan filler, the null note head of music, what marks annotations.
 */
static bool
is_unseen(uint32_t cp)
{
	return is_white(cp) || utf8proc_get_property((utf8proc_int32_t)cp)->ignorable ||
	       is_no_character(cp) || cp == 0x2800 || cp == 0x16FE4 || cp == 0x1D159 ||
	       (cp >= 0xFFF9 && cp <= 0xFFFB);
}

bool
unicode_is_unseen(struct str s)
{
	for (size_t i = 0, n; i < s.n; i += n) {
		uint32_t cp = 0;

		n = utf8_next((struct str) { s.p + i, s.n - i }, &cp);
		if (n == 0 || !is_unseen(cp))
			return false;
	}
	return true;
}

bool
unicode_has_unseen(struct str s)
{
	const uint32_t lines = CATEGORY(ZL) | CATEGORY(ZP);

	for (size_t i = 0, n; i < s.n; i += n) {
		uint32_t cp = 0;

		n = utf8_next((struct str) { s.p + i, s.n - i }, &cp);
		if (n == 0 || (lines >> utf8proc_category((utf8proc_int32_t)cp)) & 1 ||
		    is_no_character(cp) || (!is_white(cp) && is_unseen(cp)))
			return true;
	}
	return false;
}

/* Of Unicode's category Cc: C0, DEL and C1. */
static bool
has_controls(struct str s)
{
	for (size_t i = 0, n; i < s.n; i += n) {
		uint32_t cp;

		n = utf8_next((struct str) { s.p + i, s.n - i }, &cp);
		if (n == 0 || cp < 0x20 || (cp >= 0x7F && cp < 0xA0))
			return true;
	}
	return false;
}

bool
unicode_name(TALLOC_CTX *mem, struct str typed, size_t max, struct str *out, struct err *e)
{
	char text[80];

	typed = str_trim(typed);
	if (!str_is_utf8(typed) || has_controls(typed) || unicode_is_unseen(typed))
		return err_set(e, ERR_INVALID, 0,
		    "must be UTF-8 without control characters, and have something in it that can "
		    "be seen",
		    "no name");
	if (!unicode_nfc(mem, typed, out, e))
		return false;
	snprintf(text, sizeof(text), "must be at most %zu bytes long", max);
	return out->n <= max || err_set(e, ERR_INVALID, 0, text, "%zu bytes", out->n);
}

static bool
is_dash(uint32_t cp)
{
	return utf8proc_category((utf8proc_int32_t)cp) == UTF8PROC_CATEGORY_PD || cp == 0x2212;
}

/* Decimal digits (general category Nd) come in runs from 0 to 9; those of NFKC that touch are ASCII
 * by now. */
static bool
take_digit(uint32_t cp, char *digit)
{
	utf8proc_int32_t zero = (utf8proc_int32_t)cp;

	if (utf8proc_category(zero) != UTF8PROC_CATEGORY_ND)
		return false;
	while (utf8proc_category(zero - 1) == UTF8PROC_CATEGORY_ND)
		zero--;
	*digit = (char)('0' + ((utf8proc_int32_t)cp - zero) % 10);
	return true;
}

bool
unicode_code(TALLOC_CTX *mem, struct str typed, struct str *out, struct err *e)
{
	struct str folded;
	char      *to;
	size_t     kept = 0;

	if (!unicode_nfkc_casefold(mem, typed, &folded, e))
		return false;
	to = (char *)(uintptr_t)folded.p; /* made just now, for us: nothing becomes longer */
	for (size_t i = 0, n; i < folded.n; i += n) {
		uint32_t cp = 0;

		n = utf8_next((struct str) { folded.p + i, folded.n - i }, &cp);
		n = n > 0 ? n : 1;
		if (is_white(cp) || is_dash(cp))
			continue;
		if (take_digit(cp, to + kept)) {
			kept++;
			continue;
		}
		memmove(to + kept, folded.p + i, n);
		kept += n;
	}
	to[kept] = '\0';
	*out = (struct str) { to, kept };
	return true;
}

bool
unicode_clean_into(struct str in, char *out, size_t size)
{
	static const char replacement[] = "\xEF\xBF\xBD";
	size_t            used = 0;

	while (in.n > 0) {
		uint32_t    cp = 0;
		size_t      n = utf8_next(in, &cp);
		bool        good = n > 0 && cp != 0;
		const char *from = good ? in.p : replacement;
		size_t      len = good ? n : sizeof(replacement) - 1;

		if (used + len >= size)
			break;
		memcpy(out + used, from, len);
		used += len;
		in.p += n > 0 ? n : 1;
		in.n -= n > 0 ? n : 1;
	}
	out[used] = '\0';
	return in.n == 0;
}

char *
unicode_clean(TALLOC_CTX *mem, struct str in, size_t max)
{
	/* a bad byte grows to three */
	size_t size = (in.n > max / 3 ? max : in.n * 3) + 1;
	char  *out = talloc_size(mem, size);

	if (out != NULL)
		unicode_clean_into(in, out, size);
	return out;
}
