/* json.h: the encodings a JSON text may come in. */
#include <stdio.h>
#include <string.h>

#include "core/json/json.h"

/* ---- which ---- */

static bool
begins(struct str s, const char *bytes, size_t n)
{
	return s.n >= n && memcmp(s.p, bytes, n) == 0;
}

enum json_encoding
json_encoding(struct str s)
{
	bool zero[4];

	if (begins(s, "\xEF\xBB\xBF", 3) || s.n < 2)
		return JSON_UTF8;
	for (size_t i = 0; i < 4; i++)
		zero[i] = i < s.n && s.p[i] == '\0';
	if (begins(s, "\xFF\xFE\0\0", 4) || begins(s, "\0\0\xFE\xFF", 4) ||
	    (zero[1] && zero[2] && zero[0] != zero[3]))
		return JSON_UTF32;
	if (begins(s, "\xFF\xFE", 2) || (zero[1] && !zero[0]))
		return JSON_UTF16_LE;
	if (begins(s, "\xFE\xFF", 2) || (zero[0] && !zero[1]))
		return JSON_UTF16_BE;
	return JSON_UTF8;
}

/* ---- UTF-8 ---- */

static bool
refuse(const char *is, struct err *e)
{
	char text[160];

	snprintf(text, sizeof(text),
	    "The JSON text is %s: convert it to UTF-8 (in PowerShell: -Encoding utf8).", is);
	return err_set(e, ERR_MEDIA_TYPE, 0, text, "JSON text in %s", is);
}

bool
json_decode_utf8(struct str s, struct str *utf8, struct err *e)
{
	enum json_encoding is = json_encoding(s);

	if (is != JSON_UTF8)
		return refuse(is == JSON_UTF32 ? "UTF-32" : "UTF-16", e);
	*utf8 = str_without_bom(s);
	return true;
}

/* ---- UTF-16 ---- */

#define UTF8_MAX 4 /* bytes of one character */

static uint32_t
unit(const uint8_t *p, bool big)
{
	return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static bool
not_utf16(struct err *e, size_t at)
{
	char pub[80];

	snprintf(pub, sizeof pub, "Not valid UTF-16 at byte %zu.", at);
	return err_set(e, ERR_MALFORMED, 0, pub, "UTF-16 broken at byte %zu", at);
}

static uint8_t *
put_utf8(uint8_t *o, uint32_t c)
{
	if (c < 0x80) {
		*o++ = (uint8_t)c;
		return o;
	}
	if (c < 0x800) {
		*o++ = (uint8_t)(0xC0 | c >> 6);
	} else if (c < 0x10000) {
		*o++ = (uint8_t)(0xE0 | c >> 12);
		*o++ = (uint8_t)(0x80 | (c >> 6 & 0x3F));
	} else {
		*o++ = (uint8_t)(0xF0 | c >> 18);
		*o++ = (uint8_t)(0x80 | (c >> 12 & 0x3F));
		*o++ = (uint8_t)(0x80 | (c >> 6 & 0x3F));
	}
	*o++ = (uint8_t)(0x80 | (c & 0x3F));
	return o;
}

static bool
check_size(size_t n, size_t max, struct err *e)
{
	return n <= max || err_set(e, ERR_TOO_LARGE, 0, "The body is too large once it is UTF-8.",
			       "more than %zu bytes of UTF-8", max);
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool
from_utf16(TALLOC_CTX *mem, struct str in, bool big, size_t max, struct str *out, struct err *e)
{
	const uint8_t *p = (const uint8_t *)in.p;
	uint8_t       *o, *start;

	if (in.n % 2 != 0)
		return not_utf16(e, in.n);
	start = o = talloc_size(mem, least(in.n / 2 * 3, max) + UTF8_MAX);
	if (o == NULL)
		return err_memory(e);
	for (size_t i = unit(p, big) == 0xFEFF ? 2 : 0; i < in.n; i += 2) {
		uint32_t c = unit(p + i, big), lo;

		if (c >= 0xDC00 && c <= 0xDFFF)
			return not_utf16(e, i);
		if (c >= 0xD800 && c <= 0xDBFF) {
			lo = i + 4 <= in.n ? unit(p + i + 2, big) : 0;
			if (lo < 0xDC00 || lo > 0xDFFF)
				return not_utf16(e, i);
			c = 0x10000 + ((c - 0xD800) << 10) + (lo - 0xDC00);
			i += 2;
		}
		o = put_utf8(o, c);
		if (!check_size((size_t)(o - start), max, e))
			return false;
	}
	*out = (struct str) { (const char *)start, (size_t)(o - start) };
	return true;
}

bool
json_decode_max(TALLOC_CTX *mem, struct str bytes, size_t max, struct str *utf8, struct err *e)
{
	switch (json_encoding(bytes)) {
	case JSON_UTF16_LE:
		return from_utf16(mem, bytes, false, max, utf8, e);
	case JSON_UTF16_BE:
		return from_utf16(mem, bytes, true, max, utf8, e);
	case JSON_UTF8:
	case JSON_UTF32:
		break;
	}
	return json_decode_utf8(bytes, utf8, e) && check_size(utf8->n, max, e);
}

bool
json_decode(TALLOC_CTX *mem, struct str bytes, struct str *utf8, struct err *e)
{
	return json_decode_max(mem, bytes, SIZE_MAX - UTF8_MAX, utf8, e);
}
