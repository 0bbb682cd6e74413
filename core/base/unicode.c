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
		    "A text is too long: with its characters taken apart it has more than 16777216.",
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
		marks = cp >= 0x300 && utf8proc_get_property((utf8proc_int32_t)cp)->combining_class != 0
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
