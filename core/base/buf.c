#include "core/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/secret.h"

#define BUF_FIRST  512
#define BUF_DOUBLE ((size_t)8 << 20) /* from there on room grows by a quarter */
#define FFFD       "\xEF\xBF\xBD"

void
buf_make(struct buf *b, TALLOC_CTX *mem)
{
	*b = (struct buf) { .mem = mem };
}

void
buf_make_secret(struct buf *b, TALLOC_CTX *mem)
{
	*b = (struct buf) { .mem = mem, .secret = true };
}

bool
buf_ok(const struct buf *b)
{
	return !b->failed;
}

/* A secret does not stay behind where it was. */
static char *
buf_move(const struct buf *b, size_t cap)
{
	char *p;

	if (!b->secret)
		return talloc_realloc_size(b->mem, b->p, cap);
	p = secret_alloc(b->mem, cap);
	if (p != NULL && b->n > 0)
		memcpy(p, b->p, b->n + 1);
	if (p != NULL)
		talloc_free(b->p);
	return p;
}

static bool
buf_grow(struct buf *b, size_t n)
{
	size_t need, cap = b->cap > 0 ? b->cap : BUF_FIRST;
	char  *p;

	if (b->failed)
		return false;
	b->failed = __builtin_add_overflow(b->n, n, &need) ||
		    __builtin_add_overflow(need, (size_t)1, &need) || need > SIZE_MAX / 2 ||
		    (b->max > 0 && need - 1 > b->max);
	if (b->failed)
		return false;
	if (need <= b->cap)
		return true;
	while (cap < need)
		cap += cap < BUF_DOUBLE ? cap : cap / 4;
	p = buf_move(b, cap);
	b->failed = p == NULL;
	if (b->failed)
		return false;
	b->p = p;
	b->cap = cap;
	return true;
}

/* Room for n more bytes and the NUL. */
static inline bool
buf_room(struct buf *b, size_t n)
{
	return (b->max == 0 && !b->failed && n < b->cap - b->n && b->cap > 0) || buf_grow(b, n);
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0 || !buf_room(b, n))
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void
buf_puts(struct buf *b, const char *z)
{
	buf_add(b, z, strlen(z));
}

void
buf_putc(struct buf *b, char c)
{
	if (!buf_room(b, 1))
		return;
	b->p[b->n++] = c;
	b->p[b->n] = '\0';
}

void
buf_i64(struct buf *b, int64_t v)
{
	char     digits[20], *w = digits + sizeof(digits);
	uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;

	do
		*--w = (char)('0' + u % 10);
	while ((u /= 10) != 0);
	if (v < 0)
		buf_putc(b, '-');
	buf_add(b, w, (size_t)(digits + sizeof(digits) - w));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int     n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		b->failed = true;
	if (n <= 0 || !buf_room(b, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

char *
buf_text(const struct buf *b, struct err *e)
{
	char *text = NULL;

	if (buf_ok(b))
		text = b->n > 0 ? b->p : talloc_strdup(b->mem, "");
	if (text == NULL)
		err_memory(e);
	return text;
}

struct str
buf_str(const struct buf *b)
{
	return (struct str) { b->n > 0 ? b->p : "", b->n };
}

/* ---- the encoders ----
 *
 * Each is a function from one code point to the text that stands for it (NULL:
 * itself); bytes that are no UTF-8 come as BAD with the byte in the low bits.
 */
#define BAD     0x80000000u
#define ESC_MAX 12

typedef const char *escape_fn(uint32_t cp, char tmp[static ESC_MAX]);

/* Which printable ASCII characters each encoder wants to see; the rest is copied unseen. */
enum sink { JSON = 1, HTML = 2, CSV = 4, LOG = 8, PROM = 16, SLACK = 32 };

static const uint8_t special[128] = {
	['"'] = JSON | HTML | CSV | PROM,
	['\\'] = JSON | LOG | PROM,
	['&'] = HTML | SLACK,
	['<'] = HTML | SLACK,
	['>'] = HTML | SLACK,
	['\''] = HTML,
};

static bool
is_plain(char c, enum sink sink)
{
	return c >= 0x20 && c < 0x7F && !(special[(uint8_t)c] & sink);
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/*
 * Eight bytes that stand for themselves in every sink: printable ASCII without
 * " & ' < > \ .  A byte of another kind is never missed; one after it may be
 * taken for such too.
 */
static bool
is_plain_word(const char *p)
{
	uint64_t w, bad;

	memcpy(&w, p, sizeof(w));
	bad = w | (w - EACH(0x20)) | (w + EACH(0x01)) | ((w ^ EACH('"')) - EACH(1)) |
	      ((w ^ EACH('\\')) - EACH(1)) | ((w ^ EACH('&')) - EACH(1)) |
	      ((w ^ EACH('\'')) - EACH(1)) | (((w & EACH(0xFD)) ^ EACH('<')) - EACH(1));
	return (bad & EACH(0x80)) == 0;
}

/* How many of the first bytes are such, as far as whole words tell. */
static size_t
plain_words(const char *p, size_t n)
{
	size_t i = 0;

	while (i + 8 <= n && is_plain_word(p + i))
		i += 8;
	if (i > 0 && i < n && i + 8 > n && is_plain_word(p + n - 8))
		i = n;
	return i;
}

/* Runs of what stands for itself are copied in one piece. */
static void
encode(struct buf *b, struct str s, enum sink sink, escape_fn *escape)
{
	size_t start = 0, i = 0;

	i = plain_words(s.p, s.n);
	while (i < s.n) {
		char        tmp[ESC_MAX];
		uint32_t    cp;
		size_t      n;
		const char *z;

		if (is_plain(s.p[i], sink)) {
			i++;
			continue;
		}
		n = utf8_next((struct str) { s.p + i, s.n - i }, &cp);
		if (n == 0) {
			cp = BAD | (uint8_t)s.p[i];
			n = 1;
		}
		z = escape(cp, tmp);
		if (z != NULL) {
			buf_add(b, s.p + start, i - start);
			buf_puts(b, z);
			start = i + n;
		}
		i += n;
		i += plain_words(s.p + i, s.n - i);
	}
	buf_add(b, s.p + start, s.n - start);
}

static bool
is_c0(uint32_t cp)
{
	return cp < 0x20 || cp == 0x7F;
}

static bool
is_c1(uint32_t cp)
{
	return cp >= 0x80 && cp < 0xA0;
}

static bool
is_bidi(uint32_t cp)
{
	return cp == 0x061C || cp == 0x200E || cp == 0x200F || (cp >= 0x202A && cp <= 0x202E) ||
	       (cp >= 0x2066 && cp <= 0x2069);
}

static bool
is_line_separator(uint32_t cp)
{
	return cp == 0x2028 || cp == 0x2029;
}

static const char *
escape_u(uint32_t cp, char tmp[static ESC_MAX])
{
	snprintf(tmp, ESC_MAX, "\\u%04x", cp & 0xFFFF);
	return tmp;
}

static const char *
escape_json(uint32_t cp, char tmp[static ESC_MAX])
{
	if (cp & BAD)
		return FFFD;
	switch (cp) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\b':
		return "\\b";
	case '\f':
		return "\\f";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return is_c0(cp) || is_c1(cp) || is_bidi(cp) || is_line_separator(cp)
			   ? escape_u(cp, tmp)
			   : NULL;
	}
}

void
buf_json(struct buf *b, struct str s)
{
	if (!buf_room(b, s.n + 2)) /* at least */
		return;
	b->p[b->n++] = '"';
	encode(b, s, JSON, escape_json);
	buf_putc(b, '"');
}

static const char *
escape_html(uint32_t cp, char tmp[static ESC_MAX])
{
	(void)tmp;
	switch (cp) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '\t':
	case '\n':
	case '\r':
		return NULL;
	default:
		return (cp & BAD) || is_c0(cp) || is_bidi(cp) ? FFFD : NULL;
	}
}

void
buf_html(struct buf *b, struct str s)
{
	encode(b, s, HTML, escape_html);
}

static const char *
escape_csv(uint32_t cp, char tmp[static ESC_MAX])
{
	(void)tmp;
	switch (cp) {
	case '"':
		return "\"\"";
	case '\t':
	case '\n':
	case '\r':
		return NULL;
	default:
		return (cp & BAD) || is_c0(cp) || is_bidi(cp) ? FFFD : NULL;
	}
}

/* Quoted when it must be; a spreadsheet takes a cell that begins so for a formula. */
void
buf_csv(struct buf *b, struct str s)
{
	bool quote = false;

	for (size_t i = 0; i < s.n && !quote; i++)
		quote = strchr("\",;\r\n", s.p[i]) != NULL; /* NUL too */
	if (quote)
		buf_putc(b, '"');
	if (s.n > 0 && s.p[0] != '\0' && strchr("=+-@\t\r", s.p[0]) != NULL)
		buf_putc(b, '\'');
	encode(b, s, CSV, escape_csv);
	if (quote)
		buf_putc(b, '"');
}

static const char *
escape_log(uint32_t cp, char tmp[static ESC_MAX])
{
	if (cp & BAD) {
		snprintf(tmp, ESC_MAX, "\\x%02x", cp & 0xFF);
		return tmp;
	}
	if (cp == '\\')
		return "\\\\";
	if (is_c0(cp) || is_c1(cp) || is_bidi(cp) || is_line_separator(cp) || cp == 0xFEFF)
		return escape_u(cp, tmp);
	return NULL;
}

void
buf_log(struct buf *b, struct str s)
{
	encode(b, s, LOG, escape_log);
}

void
buf_line(struct buf *b, struct str s, size_t max)
{
	struct buf line;
	size_t     n;

	/* No character becomes shorter by it: what is further on is cut off anyway. */
	if (s.n > max + 4)
		s.n = max + 4;
	buf_make(&line, b->mem);
	buf_log(&line, s);
	n = str_head(buf_str(&line), max).n;
	buf_add(b, line.p, n);
	if (n < line.n)
		buf_puts(b, "\xe2\x80\xa6");
	b->failed = b->failed || !buf_ok(&line);
	talloc_free(line.p);
}

static const char *
escape_prom(uint32_t cp, char tmp[static ESC_MAX])
{
	(void)tmp;
	switch (cp) {
	case '\\':
		return "\\\\";
	case '"':
		return "\\\"";
	case '\n':
		return "\\n";
	default:
		return (cp & BAD) || is_c0(cp) || is_bidi(cp) || is_line_separator(cp) ? FFFD
										       : NULL;
	}
}

void
buf_prom(struct buf *b, struct str s)
{
	encode(b, s, PROM, escape_prom);
}

static const char *
escape_slack(uint32_t cp, char tmp[static ESC_MAX])
{
	(void)tmp;
	switch (cp) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '\t':
	case '\n':
		return NULL;
	default:
		return (cp & BAD) || is_c0(cp) || is_bidi(cp) ? FFFD : NULL;
	}
}

void
buf_slack(struct buf *b, struct str s)
{
	encode(b, s, SLACK, escape_slack);
}

bool
buf_header(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
			return false;
	buf_add(b, s.p, s.n);
	return buf_ok(b);
}

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void
buf_url(struct buf *b, struct str s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = (uint8_t)s.p[i];

		if (is_unreserved(s.p[i]))
			buf_putc(b, s.p[i]);
		else
			buf_add(b, (char[]) { '%', digits[c >> 4], digits[c & 15] }, 3);
	}
}
