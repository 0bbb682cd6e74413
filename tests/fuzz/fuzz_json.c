/*
 * Properties of base/json: what is read prints to text that reads to the same
 * canonical text; canonical text is a fixed point; a text is the same text in every encoding it
 * may come in.
 */
#include <assert.h>
#include <string.h>

#include "core/json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct str
canonical(TALLOC_CTX *mem, struct str text, bool *limits)
{
	struct err   e = { 0 };
	struct json *v = json_parse(mem, text, &e);
	struct buf   b;

	assert(v != NULL);
	buf_make(&b, mem);
	*limits = !json_canonical(&b, v, &e);
	assert(!*limits || e.code == ERR_INVALID);
	return buf_str(&b);
}

static void
check(TALLOC_CTX *mem, const struct json *v, struct str text)
{
	struct str one, two;
	struct buf b;
	bool       limits, limits_too;

	buf_make(&b, mem);
	json_print(&b, v);
	assert(buf_ok(&b));
	one = canonical(mem, text, &limits);
	two = canonical(mem, buf_str(&b), &limits_too);
	assert(limits == limits_too);
	if (limits)
		return;
	assert(str_eq(one, two));
	two = canonical(mem, one, &limits);
	assert(!limits && str_eq(one, two));
}

/* One UTF-8 sequence of a text that is UTF-8. */
static uint32_t
next_char(const uint8_t **p)
{
	uint32_t c = *(*p)++;
	int      more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;

	c &= more > 0 ? 0x3Fu >> more : 0x7Fu;
	for (; more > 0; more--)
		c = c << 6 | (*(*p)++ & 0x3Fu);
	return c;
}

static void
put_unit(struct buf *b, uint32_t unit, bool big)
{
	buf_putc(b, (char)(big ? unit >> 8 : unit & 0xFF));
	buf_putc(b, (char)(big ? unit & 0xFF : unit >> 8));
}

static void
check_encodings(TALLOC_CTX *mem, struct str text)
{
	/* UTF-16 LE and BE with BOM, UTF-8 with BOM, UTF-16 LE and BE without. */
	for (int how = 0; how < 5; how++) {
		const uint8_t *p = (const uint8_t *)text.p, *end = p + text.n;
		struct err     e = { 0 };
		struct str     back;
		struct buf     b;
		bool           ok, big = how == 1 || how == 4;

		buf_make(&b, mem);
		if (how == 2)
			buf_puts(&b, "\xEF\xBB\xBF");
		else if (how < 2)
			put_unit(&b, 0xFEFF, big);
		while (p < end) {
			uint32_t c = how == 2 ? *p++ : next_char(&p);

			if (how == 2)
				buf_putc(&b, (char)c);
			else if (c >= 0x10000)
				put_unit(&b, 0xD800 + ((c - 0x10000) >> 10), big);
			if (how != 2)
				put_unit(&b, c >= 0x10000 ? 0xDC00 + (c & 0x3FF) : c, big);
		}
		ok = json_decode(mem, buf_str(&b), &back, &e);
		assert(ok && str_eq(text, back));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX  *mem = talloc_new(NULL);
	struct err   e = { 0 };
	struct str   text;
	struct json *v;

	if (json_decode(mem, (struct str) { (const char *)data, n }, &text, &e)) {
		v = json_parse(mem, text, &e);
		assert((v != NULL) == (e.code == ERR_OK));
		if (v != NULL) {
			check(mem, v, text);
			check_encodings(mem, text);
		} else
			assert(e.pub[0] != '\0' && strlen(e.pub) < sizeof e.pub - 1);
	}
	talloc_free(mem);
	return 0;
}
