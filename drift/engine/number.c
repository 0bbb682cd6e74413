#include "drift/engine/number.h"

#include <stdlib.h>
#include <string.h>

#define PRINT_MAX 24

/* The digits from the first that is not 0 to the last that is not 0 (a dot may be among them). */
struct decimal {
	const char *p, *end; /* equal: zero */
	int64_t     point;   /* the value is 0.ddd * 10^point */
	int64_t     digits;  /* how many digits, the dot left out */
	bool        minus;
};

static struct decimal
decimal(struct str s)
{
	const char    *p = s.p, *end = s.p + s.n, *e, *dot = NULL;
	struct decimal d = { .minus = s.n > 0 && *p == '-' };

	p += d.minus;
	for (e = p; e < end && (*e | 0x20) != 'e'; e++)
		if (*e == '.')
			dot = e;
	for (d.p = p; d.p < e && (*d.p == '0' || *d.p == '.');)
		d.p++;
	for (d.end = e; d.end > d.p && (d.end[-1] == '0' || d.end[-1] == '.');)
		d.end--;
	if (d.p == d.end)
		return (struct decimal) { .p = p, .end = p };
	if (dot == NULL)
		dot = e;
	d.point = d.p < dot ? dot - d.p : -(d.p - dot - 1);
	if (e < end)
		d.point += json_number_exponent(e + 1, end);
	d.digits = d.end - d.p - (dot > d.p && dot < d.end);
	return d;
}

/* Both above zero. */
static int
cmp_size(const struct decimal *a, const struct decimal *b)
{
	const char *p = a->p, *q = b->p;

	if (a->point != b->point)
		return a->point < b->point ? -1 : 1;
	for (;; p++, q++) {
		if (p < a->end && *p == '.')
			p++;
		if (q < b->end && *q == '.')
			q++;
		if (p >= a->end || q >= b->end)
			return (p < a->end) - (q < b->end);
		if (*p != *q)
			return *p < *q ? -1 : 1;
	}
}

int
number_cmp(struct str a, struct str b)
{
	struct decimal x, y;

	if (str_eq(a, b))
		return 0;
	x = decimal(a);
	y = decimal(b);
	if (x.p == x.end)
		return y.p == y.end ? 0 : y.minus ? 1 : -1;
	if (y.p == y.end)
		return x.minus ? -1 : 1;
	if (x.minus != y.minus)
		return x.minus ? -1 : 1;
	return x.minus ? cmp_size(&y, &x) : cmp_size(&x, &y);
}

bool
number_is_integer(struct str s)
{
	struct decimal d = decimal(s);

	return d.digits <= d.point || d.p == d.end;
}

bool
number_in_limits(struct str s)
{
	const char    *e = memchr(s.p, 'e', s.n);
	struct decimal d;
	int64_t        at;
	size_t         n;

	if (e == NULL)
		e = memchr(s.p, 'E', s.n);
	if (e == NULL && s.n <= JSON_NUMBER_DIGITS_MAX)
		return true;
	n = (e != NULL ? (size_t)(e - s.p) : s.n) - (s.p[0] == '-');
	n -= n > 0 && memchr(s.p, '.', e != NULL ? (size_t)(e - s.p) : s.n) != NULL;
	at = e != NULL ? json_number_exponent(e + 1, s.p + s.n) : 0;
	d = decimal(s);
	return n <= JSON_NUMBER_DIGITS_MAX && llabs(at) <= JSON_NUMBER_EXPONENT_MAX &&
	       llabs(d.point - d.digits) <= JSON_NUMBER_EXPONENT_MAX;
}

/* The i-th digit; 0 beyond the last. */
static char
digit(const struct decimal *d, int64_t i)
{
	int64_t at = 0;

	for (const char *p = d->p; p < d->end; p++)
		if (*p != '.' && at++ == i)
			return *p;
	return '0';
}

void
number_print(struct buf *b, struct str s)
{
	struct decimal d = decimal(s);
	int64_t        first = d.point < 1 ? d.point - 1 : 0; /* digits before the first */
	int64_t        last = d.digits > d.point ? d.digits : d.point;

	if (d.p == d.end) {
		buf_putc(b, '0');
		return;
	}
	if (last - first > PRINT_MAX) {
		buf_add(b, s.p, s.n);
		return;
	}
	if (d.minus)
		buf_putc(b, '-');
	for (int64_t i = first; i < last; i++) {
		if (i == d.point)
			buf_putc(b, '.');
		buf_putc(b, i < 0 ? '0' : digit(&d, i));
	}
}

/* Adds one to a row of digits; true: it has become 1 followed by zeros. */
static bool
carry(char *p, int64_t n)
{
	while (n-- > 0) {
		if (p[n] != '9') {
			p[n]++;
			return false;
		}
		p[n] = '0';
	}
	return true;
}

bool
number_round(TALLOC_CTX *mem, struct str s, int64_t digits, struct str *out, struct err *e)
{
	struct decimal d = decimal(s);
	int64_t        keep = d.point + digits, n = 0;
	struct buf     b;
	char          *row;
	bool           more = false;

	*out = s;
	if (keep >= d.digits)
		return true;
	row = talloc_size(mem, (size_t)(keep > 0 ? keep : 0) + 1);
	if (row == NULL)
		return err_memory(e);
	for (const char *p = d.p; keep >= 0 && p < d.end; p++) {
		if (*p == '.')
			continue;
		if (n == keep) {
			more = *p >= '5' && carry(row, n);
			break;
		}
		row[n++] = *p;
	}
	buf_make(&b, mem);
	if (d.minus)
		buf_putc(&b, '-');
	if (more || keep <= 0)
		buf_putc(&b, more ? '1' : '0');
	buf_add(&b, row, (size_t)n);
	buf_printf(&b, "e%lld", (long long)-digits);
	talloc_free(row);
	*out = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}
