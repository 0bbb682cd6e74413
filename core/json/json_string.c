/* json_reader.h: strings. */
#include "core/json/json_reader.h"

#include <string.h>

/* First byte at or after p that is a control character, `"`, `\` or not ASCII. */
static inline const uint8_t *
plain_end(const uint8_t *p, const uint8_t *end)
{
	for (; end - p >= SCAN_BYTES; p += SCAN_BYTES) {
		scan_bytes v = scan_load(p);
		unsigned   odd = scan_mask((v < ' ') | (v == '"') | (v == '\\'));

		if (odd != 0)
			return p + __builtin_ctz(odd);
	}
	while (p < end && *p >= 0x20 && *p != '"' && *p != '\\' && *p < 0x80)
		p++;
	return p;
}

/* Length of the UTF-8 sequence at p (RFC 3629: shortest form, no surrogates, <= U+10FFFF); 0: none.
 */
static size_t
utf8_len(const uint8_t *p, const uint8_t *end)
{
	size_t n = *p >= 0xF0 ? 4 : *p >= 0xE0 ? 3 : 2;

	if (*p < 0xC2 || *p > 0xF4 || (size_t)(end - p) < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	if ((*p == 0xE0 && p[1] < 0xA0) || (*p == 0xED && p[1] > 0x9F) ||
	    (*p == 0xF0 && p[1] < 0x90) || (*p == 0xF4 && p[1] > 0x8F))
		return 0;
	return n;
}

static int
hex4(const uint8_t *p)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		int c = p[i];
		int d = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;

		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

/* Steps over one escape; p stands on the backslash. */
static bool
check_escape(struct reader *r)
{
	int hi, lo;

	if (r->end - r->p < 2)
		return reader_fault_at(r, r->end, "the text ends too early");
	if (r->p[1] != 'u') {
		if (strchr("\"\\/bfnrt", r->p[1]) == NULL || r->p[1] == '\0')
			return reader_fault(r, "an unknown escape");
		r->p += 2;
		return true;
	}
	hi = r->end - r->p >= 6 ? hex4(r->p + 2) : -1;
	if (hi < 0)
		return reader_fault(r, "a \\u escape without four hex digits");
	if (hi >= 0xDC00 && hi <= 0xDFFF)
		return reader_fault(r, "a lone surrogate");
	if (hi >= 0xD800 && hi <= 0xDBFF) {
		lo = r->end - r->p >= 12 && r->p[6] == '\\' && r->p[7] == 'u' ? hex4(r->p + 8) : -1;
		if (lo < 0xDC00 || lo > 0xDFFF)
			return reader_fault(r, "a lone surrogate");
		r->p += 6;
	}
	r->p += 6;
	return true;
}

static char *
put_utf8(char *o, uint32_t c)
{
	if (c < 0x80) {
		*o++ = (char)c;
		return o;
	}
	if (c < 0x800) {
		*o++ = (char)(0xC0 | (c >> 6));
		*o++ = (char)(0x80 | (c & 0x3F));
		return o;
	}
	if (c < 0x10000) {
		*o++ = (char)(0xE0 | (c >> 12));
	} else {
		*o++ = (char)(0xF0 | (c >> 18));
		*o++ = (char)(0x80 | ((c >> 12) & 0x3F));
	}
	*o++ = (char)(0x80 | ((c >> 6) & 0x3F));
	*o++ = (char)(0x80 | (c & 0x3F));
	return o;
}

/* Writes the text of a string already checked; returns the end of what was written. */
static char *
unescape(char *o, const uint8_t *p, const uint8_t *end)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";

	while (p < end) {
		const char *f;

		if (*p != '\\') {
			*o++ = (char)*p++;
			continue;
		}
		if (p[1] == 'u') {
			uint32_t c = (uint32_t)hex4(p + 2);

			if (c >= 0xD800 && c <= 0xDBFF) {
				c = 0x10000 + ((c - 0xD800) << 10) +
				    ((uint32_t)hex4(p + 8) - 0xDC00);
				p += 6;
			}
			o = put_utf8(o, c);
			p += 6;
			continue;
		}
		f = strchr(from, p[1]);
		*o++ = f != NULL ? to[f - from] : (char)p[1];
		p += 2;
	}
	return o;
}

bool
reader_string(struct reader *r, struct str *out)
{
	const uint8_t *start = r->p;
	bool           escapes = false;
	char          *text;
	size_t         n;

	for (;;) {
		r->p = plain_end(r->p, r->end);
		if (r->p == r->end)
			return reader_fault(r, "");
		if (*r->p == '"')
			break;
		if (*r->p == '\\') {
			escapes = true;
			if (!check_escape(r))
				return false;
			continue;
		}
		if (*r->p < 0x20)
			return reader_fault(r, "a raw control character in a string");
		n = utf8_len(r->p, r->end);
		if (n == 0)
			return reader_fault(r, "bytes that are not UTF-8");
		r->p += n;
	}
	n = (size_t)(r->p++ - start);
	*out = (struct str) { (const char *)start, n };
	if (!escapes)
		return true;
	text = reader_take(r, n);
	if (text == NULL)
		return false;
	*out = (struct str) { text, (size_t)(unescape(text, start, start + n) - text) };
	return true;
}
