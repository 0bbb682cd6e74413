/* spelling.h: quantities and lengths of time, without rounding. */
#include <stdio.h>
#include <string.h>

#include "drift/engine/spelling.h"

static bool
take(struct str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool
is_digit(struct str s)
{
	return s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9';
}

/* ---- quantities ---- */

#define DIGITS_MAX  40
#define DIGITS_ROOM (DIGITS_MAX + 20) /* and 1024 six times */

struct decimal {
	uint8_t  digits[DIGITS_ROOM]; /* the last first */
	unsigned n;
	int      exponent;
	bool     minus;
};

/* Digits with a point among, before or behind them. */
static bool
take_digits(struct str *s, struct decimal *d)
{
	bool point = false;

	*d = (struct decimal) { 0 };
	d->minus = take(s, '-');
	if (!d->minus)
		(void)take(s, '+');
	for (; is_digit(*s) || (!point && s->n > 0 && s->p[0] == '.'); s->p++, s->n--) {
		if (s->p[0] == '.') {
			point = true;
			continue;
		}
		if (d->n == DIGITS_MAX)
			return false;
		d->digits[d->n++] = (uint8_t)(s->p[0] - '0');
		d->exponent -= point;
	}
	for (unsigned i = 0; i < d->n / 2; i++) {
		uint8_t digit = d->digits[i];

		d->digits[i] = d->digits[d->n - 1 - i];
		d->digits[d->n - 1 - i] = digit;
	}
	return d->n > 0;
}

static void
times_1024(struct decimal *d)
{
	unsigned carry = 0;

	for (unsigned i = 0; i < d->n; i++) {
		carry += 1024u * d->digits[i];
		d->digits[i] = (uint8_t)(carry % 10);
		carry /= 10;
	}
	for (; carry > 0; carry /= 10)
		d->digits[d->n++] = (uint8_t)(carry % 10);
}

/* "e3", "E-12": nothing else may follow. */
static bool
take_exponent(struct str s, int *exponent)
{
	bool minus;
	int  value = 0;

	if (!take(&s, 'e') && !take(&s, 'E'))
		return false;
	minus = take(&s, '-');
	if (!minus)
		(void)take(&s, '+');
	if (s.n == 0 || s.n > 3)
		return false;
	for (; is_digit(s); s.p++, s.n--)
		value = value * 10 + (s.p[0] - '0');
	*exponent += minus ? -value : value;
	return s.n == 0;
}

static bool
take_suffix(struct str s, struct decimal *d)
{
	static const struct {
		const char *text;
		int         exponent, binary;
	} suffixes[] = {
		{ "", 0, 0 },
		{ "n", -9, 0 },
		{ "u", -6, 0 },
		{ "m", -3, 0 },
		{ "k", 3, 0 },
		{ "M", 6, 0 },
		{ "G", 9, 0 },
		{ "T", 12, 0 },
		{ "P", 15, 0 },
		{ "E", 18, 0 },
		{ "Ki", 0, 1 },
		{ "Mi", 0, 2 },
		{ "Gi", 0, 3 },
		{ "Ti", 0, 4 },
		{ "Pi", 0, 5 },
		{ "Ei", 0, 6 },
	};

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		if (!str_eqz(s, suffixes[i].text))
			continue;
		d->exponent += suffixes[i].exponent;
		for (int k = 0; k < suffixes[i].binary; k++)
			times_1024(d);
		return true;
	}
	return take_exponent(s, &d->exponent);
}

bool
spelling_quantity(struct str s, char out[static SPELLING_QUANTITY_MAX])
{
	struct decimal d;
	size_t         at = 0;

	if (!take_digits(&s, &d) || !take_suffix(s, &d))
		return false;
	while (d.n > 1 && d.digits[d.n - 1] == 0)
		d.n--;
	if (d.minus)
		out[at++] = '-';
	for (unsigned i = d.n; i-- > 0;)
		out[at++] = (char)('0' + d.digits[i]);
	out[at] = '\0';
	if (d.exponent != 0)
		snprintf(out + at, SPELLING_QUANTITY_MAX - at, "e%d", d.exponent);
	return true;
}

/* ---- lengths of time ---- */

#define ATTO          1000000000000000000u /* of a second */
#define WHOLE_MAX     12                   /* digits */
#define FRACTION_MAX  9
#define FRACTION_UNIT 1000000000u

struct span {
	uint64_t seconds, atto;
};

/* A number before its unit. */
struct amount {
	uint64_t whole, fraction; /* of FRACTION_UNIT */
};

struct unit {
	const char *text;
	uint64_t    seconds, atto; /* one of them is 0 */
};

static bool
take_amount(struct str *s, struct amount *a)
{
	size_t   n = 0;
	uint64_t scale = FRACTION_UNIT;

	*a = (struct amount) { 0 };
	for (; is_digit(*s) && n <= WHOLE_MAX; s->p++, s->n--, n++)
		a->whole = a->whole * 10 + (uint64_t)(s->p[0] - '0');
	if (n == 0 || n > WHOLE_MAX)
		return false;
	if (!take(s, '.'))
		return true;
	for (n = 0; is_digit(*s) && n <= FRACTION_MAX; s->p++, s->n--, n++) {
		scale /= 10;
		a->fraction += scale * (uint64_t)(s->p[0] - '0');
	}
	return n > 0 && n <= FRACTION_MAX;
}

static void
add(struct span *t, const struct amount *a, const struct unit *u)
{
	uint64_t part;

	if (u->seconds > 0) {
		part = a->fraction * u->seconds;
		t->seconds += a->whole * u->seconds + part / FRACTION_UNIT;
		t->atto += part % FRACTION_UNIT * (ATTO / FRACTION_UNIT);
	} else {
		part = ATTO / u->atto;
		t->seconds += a->whole / part;
		t->atto += a->whole % part * u->atto;
		t->seconds += t->atto / ATTO;
		t->atto %= ATTO;
		t->atto += a->fraction * (u->atto / FRACTION_UNIT);
	}
	t->seconds += t->atto / ATTO;
	t->atto %= ATTO;
}

/* What stands behind a unit: without it "ms" would begin with the unit m. */
static bool
is_end(struct str s)
{
	return s.n == 0 || is_digit(s) || s.p[0] == 'T';
}

/* The unit that stands there, each once at most and in their order: *next is where to look. */
static const struct unit *
take_unit(struct str *s, const struct unit *units, size_t *next)
{
	for (const struct unit *u; (u = &units[*next])->text != NULL;) {
		size_t     n = strlen(u->text);
		struct str rest = { s->p + n, s->n - n };

		(*next)++;
		if (str_starts(*s, u->text) && is_end(rest)) {
			*s = rest;
			return u;
		}
	}
	return NULL;
}

/* A row of amounts with their units, at least one, up to the end or `stop`. */
static bool
take_row(struct str *s, const struct unit *units, char stop, struct span *t)
{
	size_t next = 0;
	bool   any = false;

	while (s->n > 0 && s->p[0] != stop) {
		struct amount      a;
		const struct unit *u;

		if (!take_amount(s, &a))
			return false;
		u = take_unit(s, units, &next);
		if (u == NULL)
			return false;
		add(t, &a, u);
		any = true;
	}
	return any;
}

#define HOUR 3600u
#define DAY  (24 * HOUR)
static const struct unit of_date[] = { { "W", 7 * DAY, 0 }, { "D", DAY, 0 }, { NULL, 0, 0 } };
static const struct unit of_time[] = { { "H", HOUR, 0 }, { "M", 60, 0 }, { "S", 1, 0 },
	{ NULL, 0, 0 } };
static const struct unit of_row[] = {
	{ "w", 7 * DAY, 0 },
	{ "d", DAY, 0 },
	{ "h", HOUR, 0 },
	{ "m", 60, 0 },
	{ "s", 1, 0 },
	{ "ms", 0, ATTO / 1000 },
	{ "us", 0, ATTO / 1000000 },
	{ "\xC2\xB5s", 0, ATTO / 1000000 },
	{ "\xCE\xBCs", 0, ATTO / 1000000 },
	{ "ns", 0, ATTO / 1000000000 },
	{ NULL, 0, 0 },
};

/* Behind the P. */
static bool
iso(struct str s, struct span *t)
{
	bool date = s.n > 0 && s.p[0] != 'T';

	if (date && !take_row(&s, of_date, 'T', t))
		return false;
	if (s.n == 0)
		return date;
	return take(&s, 'T') && take_row(&s, of_time, '\0', t) && s.n == 0;
}

/* Two digits of 0..most. */
static bool
take_two(struct str *s, unsigned most, struct amount *a)
{
	*a = (struct amount) { 0 };
	for (int i = 0; i < 2; i++, s->p++, s->n--) {
		if (!is_digit(*s))
			return false;
		a->whole = a->whole * 10 + (uint64_t)(s->p[0] - '0');
	}
	return a->whole <= most;
}

/* "[days.]hh:mm:ss[.fraction]" */
static bool
clock(struct str s, struct span *t)
{
	const char   *point = s.n > 0 ? memchr(s.p, '.', s.n) : NULL;
	const char   *colon = s.n > 0 ? memchr(s.p, ':', s.n) : NULL;
	struct str    days;
	struct amount a;

	if (colon == NULL)
		return false;
	if (point != NULL && point < colon) {
		s = str_cut(s, '.', &days);
		if (!take_amount(&days, &a) || days.n > 0)
			return false;
		add(t, &a, &of_date[1]);
	}
	for (int i = 0; i < 2; i++) {
		if (!take_two(&s, i == 0 ? 23 : 59, &a) || !take(&s, ':'))
			return false;
		add(t, &a, &of_time[i]);
	}
	if (s.n < 2 || s.p[0] > '5' || (s.n > 2 && s.p[2] != '.') || !take_amount(&s, &a))
		return false;
	add(t, &a, &of_time[2]);
	return s.n == 0;
}

static void
print_span(const struct span *t, bool minus, char out[static SPELLING_DURATION_MAX])
{
	uint64_t hours = t->seconds / HOUR, minutes = t->seconds / 60 % 60,
		 seconds = t->seconds % 60;
	char   fraction[24] = "";
	size_t n;
	int    at;

	if (t->atto > 0)
		snprintf(fraction, sizeof fraction, ".%018llu", (unsigned long long)t->atto);
	for (n = strlen(fraction); n > 0 && fraction[n - 1] == '0';)
		fraction[--n] = '\0';
	at = snprintf(out, SPELLING_DURATION_MAX, "%sPT", minus ? "-" : "");
	if (hours > 0)
		at += snprintf(out + at, SPELLING_DURATION_MAX - (size_t)at, "%lluH",
		    (unsigned long long)hours);
	if (minutes > 0)
		at += snprintf(out + at, SPELLING_DURATION_MAX - (size_t)at, "%lluM",
		    (unsigned long long)minutes);
	if (seconds > 0 || t->atto > 0 || t->seconds == 0)
		snprintf(out + at, SPELLING_DURATION_MAX - (size_t)at, "%llu%sS",
		    (unsigned long long)seconds, fraction);
}

bool
spelling_duration(struct str s, char out[static SPELLING_DURATION_MAX])
{
	struct span t = { 0 };
	bool        minus = take(&s, '-'), fits;

	if (s.n > 0 && s.p[0] == 'P')
		fits = iso((struct str) { s.p + 1, s.n - 1 }, &t);
	else if (s.n > 0 && memchr(s.p, ':', s.n) != NULL)
		fits = clock(s, &t);
	else
		fits = take_row(&s, of_row, '\0', &t);
	if (fits)
		print_span(&t, minus && (t.seconds > 0 || t.atto > 0), out);
	return fits;
}
