#include "core/base/str.h"

#include <string.h>
#include <time.h>

#define TIME_LO (-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define TIME_HI 253402300799999   /* 9999-12-31T23:59:59.999Z */

struct str
str_of(const char *z)
{
	return (struct str) { z, z == NULL ? 0 : strlen(z) };
}

bool
str_eqz(struct str a, const char *z)
{
	return str_eq(a, str_of(z));
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool
str_caseeqz(struct str a, const char *z)
{
	struct str b = str_of(z);

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int    c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

bool
str_starts(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && (n == 0 || memcmp(s.p, prefix, n) == 0);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct str
str_without_bom(struct str s)
{
	bool bom = str_starts(s, "\xEF\xBB\xBF");

	return bom ? (struct str) { s.p + 3, s.n - 3 } : s;
}

void
str_drop_bom(char *z)
{
	struct str s = str_without_bom(str_of(z));

	memmove(z, s.p, s.n + 1);
}

struct str
str_trim(struct str s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str
str_cut(struct str s, char sep, struct str *head)
{
	const char *at = s.n == 0 ? NULL : memchr(s.p, sep, s.n);
	size_t      n;

	*head = s;
	if (at == NULL)
		return (struct str) { NULL, 0 };
	n = (size_t)(at - s.p);
	head->n = n;
	return (struct str) { at + 1, s.n - n - 1 };
}

char *
str_dup(TALLOC_CTX *mem, struct str s)
{
	char *z = talloc_size(mem, s.n + 1);

	if (z == NULL)
		return NULL;
	if (s.n > 0)
		memcpy(z, s.p, s.n);
	z[s.n] = '\0';
	return z;
}

/* ---- numbers ---- */

bool
str_to_u64(struct str s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return false;
	}
	*out = v;
	return true;
}

bool
strings_have(struct strings list, const char *z)
{
	for (size_t i = 0; i < list.n; i++)
		if (strcmp(list.items[i], z) == 0)
			return true;
	return false;
}

bool
strings_same(struct strings a, struct strings b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (strcmp(a.items[i], b.items[i]) != 0)
			return false;
	return true;
}

bool
str_to_i64(struct str s, int64_t *out)
{
	bool     minus = s.n > 0 && s.p[0] == '-';
	uint64_t v;

	if (minus) {
		s.p++;
		s.n--;
	}
	if (!str_to_u64(s, &v) || v > (uint64_t)INT64_MAX + minus)
		return false;
	/* -INT64_MIN has no int64_t, hence the way round over unsigned */
	*out = (int64_t)(minus ? 0 - v : v);
	return true;
}

/* ---- UTF-8 ---- */

size_t
utf8_next(struct str s, uint32_t *cp)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t               c;
	uint32_t              v;
	size_t                n;

	if (s.n == 0)
		return 0;
	c = (uint8_t)s.p[0];
	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
	if (c < 0xC2 || c > 0xF4 || s.n < n)
		return 0;
	v = c & (0x7Fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (((uint8_t)s.p[i] & 0xC0) != 0x80)
			return 0;
		v = v << 6 | ((uint8_t)s.p[i] & 0x3F);
	}
	if (v < least[n] || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF))
		return 0;
	*cp = v;
	return n;
}

struct str
str_head(struct str s, size_t max)
{
	if (s.n <= max)
		return s;
	s.n = max;
	while (s.n > 0 && ((uint8_t)s.p[s.n] & 0xC0) == 0x80)
		s.n--;
	return s;
}

bool
str_is_utf8(struct str s)
{
	uint32_t cp;
	size_t   n;

	for (; s.n > 0; s.p += n, s.n -= n) {
		n = utf8_next(s, &cp);
		if (n == 0)
			return false;
	}
	return true;
}

/* ---- hex and base64 ---- */

void
hex_print(const uint8_t *in, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[in[i] >> 4];
		*out++ = digits[in[i] & 15];
	}
	*out = '\0';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
hex_parse(struct str s, uint8_t *out, size_t n)
{
	if (s.n % 2 != 0 || s.n / 2 != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = hex_digit(s.p[2 * i]);
		int lo = hex_digit(s.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
static const char alphabet_url[] = ALNUM "-_";
static const char alphabet_std[] = ALNUM "+/";

static char *
print64(TALLOC_CTX *mem, const uint8_t *in, size_t n, const char *alphabet, bool pad)
{
	char  *z = talloc_size(mem, (n + 2) / 3 * 4 + 1);
	char  *w = z;
	size_t i;

	if (z == NULL)
		return NULL;
	for (i = 0; i < n; i += 3) {
		size_t   left = n - i;
		uint32_t v = (uint32_t)in[i] << 16;

		if (left > 1)
			v |= (uint32_t)in[i + 1] << 8;
		if (left > 2)
			v |= in[i + 2];
		for (size_t k = 0; k < 4; k++) {
			if (k <= left)
				*w++ = alphabet[v >> (18 - 6 * k) & 63];
			else if (pad)
				*w++ = '=';
		}
	}
	*w = '\0';
	return z;
}

static int
digit64(char c, const char *alphabet)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == alphabet[62])
		return 62;
	return c == alphabet[63] ? 63 : -1;
}

/* Without padding; the unused bits of the last digit must be zero. */
static bool
parse64(struct str s, const char *alphabet, uint8_t *out, size_t max, size_t *n)
{
	size_t   len = s.n / 4 * 3 + (s.n % 4 == 0 ? 0 : s.n % 4 - 1);
	uint32_t v = 0;
	unsigned bits = 0;
	size_t   k = 0;

	if (s.n % 4 == 1 || len > max)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int d = digit64(s.p[i], alphabet);

		if (d < 0)
			return false;
		v = (v << 6 | (uint32_t)d) & 0xFFFF;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[k++] = (uint8_t)(v >> bits);
		}
	}
	if ((v & ((1u << bits) - 1)) != 0)
		return false;
	*n = k;
	return true;
}

char *
base64url_print(TALLOC_CTX *mem, const uint8_t *in, size_t n)
{
	return print64(mem, in, n, alphabet_url, false);
}

bool
base64url_parse(struct str s, uint8_t *out, size_t max, size_t *n)
{
	return parse64(s, alphabet_url, out, max, n);
}

char *
base64_print(TALLOC_CTX *mem, const uint8_t *in, size_t n)
{
	return print64(mem, in, n, alphabet_std, true);
}

bool
base64_parse(struct str s, uint8_t *out, size_t max, size_t *n)
{
	if (s.n % 4 != 0)
		return false;
	for (int i = 0; i < 2 && s.n > 0 && s.p[s.n - 1] == '='; i++)
		s.n--;
	return parse64(s, alphabet_std, out, max, n);
}

/* ---- instants ---- */

static char *
put_digits(char *w, int v, int n)
{
	for (int i = n - 1; i >= 0; i--) {
		w[i] = (char)('0' + v % 10);
		v /= 10;
	}
	return w + n;
}

void
time_print(int64_t ms, char out[static TIME_TEXT_MAX])
{
	struct tm tm = { 0 };
	time_t    s;
	int       frac;
	char     *w = out;

	ms = ms < TIME_LO ? TIME_LO : ms > TIME_HI ? TIME_HI : ms;
	frac = (int)(ms % 1000);
	if (frac < 0)
		frac += 1000;
	s = (ms - frac) / 1000;
	gmtime_r(&s, &tm);
	w = put_digits(w, tm.tm_year + 1900, 4);
	*w++ = '-';
	w = put_digits(w, tm.tm_mon + 1, 2);
	*w++ = '-';
	w = put_digits(w, tm.tm_mday, 2);
	*w++ = 'T';
	w = put_digits(w, tm.tm_hour, 2);
	*w++ = ':';
	w = put_digits(w, tm.tm_min, 2);
	*w++ = ':';
	w = put_digits(w, tm.tm_sec, 2);
	*w++ = '.';
	w = put_digits(w, frac, 3);
	*w++ = 'Z';
	*w = '\0';
}

/* Takes exactly n digits with a value of lo..hi off the front of *s. */
static bool
take_digits(struct str *s, size_t n, int lo, int hi, int *out)
{
	int v = 0;

	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		v = v * 10 + (s->p[i] - '0');
	}
	s->p += n;
	s->n -= n;
	*out = v;
	return v >= lo && v <= hi;
}

static bool
take_char(struct str *s, char c)
{
	if (s->n == 0 || lower(s->p[0]) != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

/* ".123456789" or nothing. */
static bool
take_fraction(struct str *s, int *ms)
{
	int scale = 100, digits = 0;

	*ms = 0;
	if (!take_char(s, '.'))
		return true;
	for (; s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9'; s->p++, s->n--) {
		*ms += (s->p[0] - '0') * scale;
		scale /= 10;
		digits++;
	}
	return digits >= 1 && digits <= 9;
}

/* "Z" or "+01:30", which must end the text. */
static bool
take_offset(struct str *s, int *minutes)
{
	bool west;
	int  h, m;

	*minutes = 0;
	if (take_char(s, 'z'))
		return s->n == 0;
	west = s->n > 0 && s->p[0] == '-';
	if (!take_char(s, west ? '-' : '+'))
		return false;
	if (!take_digits(s, 2, 0, 23, &h) || !take_char(s, ':') || !take_digits(s, 2, 0, 59, &m))
		return false;
	*minutes = (h * 60 + m) * (west ? -1 : 1);
	return s->n == 0;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool             leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

bool
time_parse(struct str s, int64_t *ms)
{
	struct tm tm = { 0 };
	int       y, mon, d, frac, minutes;
	int64_t   t;

	if (!take_digits(&s, 4, 0, 9999, &y) || !take_char(&s, '-') ||
	    !take_digits(&s, 2, 1, 12, &mon) || !take_char(&s, '-') ||
	    !take_digits(&s, 2, 1, days_in_month(y, mon), &d) || !take_char(&s, 't') ||
	    !take_digits(&s, 2, 0, 23, &tm.tm_hour) || !take_char(&s, ':') ||
	    !take_digits(&s, 2, 0, 59, &tm.tm_min) || !take_char(&s, ':') ||
	    !take_digits(&s, 2, 0, 59, &tm.tm_sec) || !take_fraction(&s, &frac) ||
	    !take_offset(&s, &minutes))
		return false;
	tm.tm_year = y - 1900;
	tm.tm_mon = mon - 1;
	tm.tm_mday = d;
	t = (int64_t)timegm(&tm) * 1000 + frac - (int64_t)minutes * 60000;
	if (t < TIME_LO || t > TIME_HI)
		return false;
	*ms = t;
	return true;
}
